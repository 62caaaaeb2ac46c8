"""Trains once on one device and once on two halves of the CPU, as on two GPUs; prints how far apart they end, as JSON.

A process of its own: TensorFlow cuts the CPU in two only before it has done anything else.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from visage.errors import VisageError
from visage.networks import cnn_utkface
from visage.training.batches import open_split
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

SETTINGS = TrainerSettings(
    network="cnn_utkface",
    epochs=2,
    batch_size=16,
    optimizer="sgd",
    learning_rate=1e-3,
    schedule="constant",
    augmentation=AugmentationSettings(mixup=0.5),
)


def write_splits(folder: Path) -> None:
    """Writes splits with unknown labels, whose last batches TensorFlow itself would give to one of two devices."""
    for name, count in (("train", 17), ("val", 17)):
        write_split(folder, name, people(count, seed=1))


def train_without_dropout(
    folder: Path, strategy: tf.distribute.Strategy, settings: TrainerSettings = SETTINGS
) -> list[np.ndarray]:
    """Returns the trained weights, without dropout, which would differ from device to device."""
    cnn_utkface._DROPOUT = 0.0
    train_split, val_split = (open_split(name, [f"{folder}/Split-{name}/*"]) for name in ("train", "val"))
    weights: list[np.ndarray] = train(train_split, val_split, settings, f"{folder}/log", strategy).get_weights()
    return weights


def main(folder: Path) -> None:
    """Writes the records below `folder`."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    write_splits(folder)
    on_one = train_without_dropout(folder, tf.distribute.get_strategy())
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    on_two = train_without_dropout(folder, two)
    refusal = ""
    try:
        train_without_dropout(folder, two, SETTINGS.model_copy(update={"gradient_accumulation_steps": 2}))
    except VisageError as error:
        refusal = str(error)
    keras.utils.set_random_seed(SETTINGS.seed)
    start = SETTINGS.spec.build().get_weights()
    distances = {"moved": _distance(on_one, start), "apart": _distance(on_one, on_two)}
    print(json.dumps({**distances, "refusal": refusal}))


def _distance(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.square(one - other).sum() for one, other in zip(some, others, strict=True))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
