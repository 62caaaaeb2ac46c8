"""Trains once on one device and once on two halves of the CPU, as on two GPUs; prints both losses as JSON.

A process of its own: TensorFlow cuts the CPU in two only before it has done anything else.
"""

import json
import sys
from pathlib import Path

import tensorflow as tf

from components import progress
from components.trainer import training
from components.trainer.input import Split, open_split
from components.trainer.settings import TrainerSettings
from tests.components.drawn_crops import people, write_split

SETTINGS = TrainerSettings(network="cnn_utkface", epochs=1, batch_size=16, learning_rate=1e-9)


def main(folder: Path) -> None:
    """Writes the records below `folder`."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    split = open_split("train", [str(write_split(folder, "train", people(30, seed=1)))])
    log = str(folder / "log")
    on_one = _loss(tf.distribute.get_strategy(), split, log)
    on_two = _loss(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), split, log)
    print(json.dumps([on_one, on_two]))


def _loss(strategy: tf.distribute.Strategy, split: Split, log: str) -> float:
    """The loss of an epoch, as it is reported."""
    notes: list[str] = []
    training._strategy = lambda: strategy
    with progress.listening(lambda step, done, total, note: notes.append(note)):
        training.train(split, split, SETTINGS, log)
    return float(notes[-1].split()[1].rstrip(","))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
