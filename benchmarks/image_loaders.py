"""Throughput of our input in images per second, compared with Keras's own loaders on the same files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.cost import Cost, now
from visage import progress
from visage.data.records import from_example
from visage.training.batches import Split, TrainingBatches, read_examples
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings


@dataclass(frozen=True)
class Loader:
    """The cost of one loader.

    Attributes:
        name: in the table.
        cost: per image, in the measured epoch.
    """

    name: str
    cost: Cost


def measure_loaders(split: Split, settings: TrainerSettings, folder: Path, rounds: int) -> list[Loader]:
    """Draws epochs from each loader in turn, without training; the cheapest epoch of each counts.

    Args:
        split: training records.
        settings: the recipe, whose size, batches and augmentation all loaders use.
        folder: an empty folder for the images of the records.
        rounds: epochs of each loader, at least 2; our first epoch, which decodes, is a row of its own.
    """
    files = _write_images(split, folder)
    ours = TrainingBatches(split, settings.spec, settings)
    loaders: dict[str, Callable[[int], Iterable[Any]]] = {
        "ours, later epochs": ours.epoch,
        "image_dataset_from_directory": _image_dataset(folder, settings),
        "PyDataset": _py_dataset(files, settings),
    }
    costs: dict[str, list[Cost]] = {"ours, first epoch": [_epoch(ours.epoch, 0, split.size)]}
    for number in range(1, rounds + 1):
        for name, epoch in loaders.items():
            costs.setdefault(name, []).append(_epoch(epoch, number, split.size))
        progress.report("epochs of the loaders", number, rounds)
    return [
        Loader(name, Cost(min(cost.wall for cost in some), min(cost.cpu for cost in some)))
        for name, some in costs.items()
    ]


def augmentation_layers(settings: AugmentationSettings) -> list[keras.Layer]:
    """Returns Keras's layers for the changes of our augmentation that Keras has too."""
    layers = keras.layers
    grey_levels = (0, 255)
    of_key: dict[str, Callable[[float], keras.Layer]] = {
        "flip": lambda _: layers.RandomFlip("horizontal"),
        "shift": lambda fraction: layers.RandomTranslation(fraction, fraction, fill_mode="nearest"),
        "zoom": lambda fraction: layers.RandomZoom((-fraction, fraction), fill_mode="nearest"),
        "rotation": lambda degrees: layers.RandomRotation(degrees / 360, fill_mode="nearest"),
        "brightness": lambda fraction: layers.RandomBrightness(fraction, grey_levels),
        "contrast": lambda fraction: layers.RandomContrast(fraction, grey_levels),
    }
    return [of_key[key](float(value)) for key, value in settings.changes.items() if key in of_key]


def _epoch(epoch: Callable[[int], Iterable[Any]], number: int, images: int) -> Cost:
    before = now()
    seen = sum(len(batch[0] if isinstance(batch, tuple) else batch) for batch in epoch(number))
    assert seen == images, "a loader must return every image"
    return (now() - before) / images


def _write_images(split: Split, folder: Path) -> list[Path]:
    files = []
    for number, serialized in enumerate(read_examples(split.files).as_numpy_iterator()):
        files.append(folder / f"{number:06d}.jpg")
        files[-1].write_bytes(from_example(serialized).image)
    return files


def _color_mode(settings: TrainerSettings) -> str:
    return "grayscale" if settings.spec.channels == 1 else "rgb"


def _image_dataset(folder: Path, settings: TrainerSettings) -> Callable[[int], tf.data.Dataset]:
    size = settings.spec.input_size
    images = keras.utils.image_dataset_from_directory(
        str(folder),
        labels=None,
        color_mode=_color_mode(settings),
        batch_size=settings.step_size,
        image_size=(size, size),
        seed=settings.seed,
        verbose=False,
    )
    change = keras.Sequential(augmentation_layers(settings.augmentation))
    changed = images.map(lambda pixels: change(pixels, training=True), num_parallel_calls=tf.data.AUTOTUNE)
    return lambda _: changed.prefetch(tf.data.AUTOTUNE)


def _py_dataset(files: list[Path], settings: TrainerSettings) -> Callable[[int], Iterable[np.ndarray]]:
    class Images(keras.utils.PyDataset):
        """A data set as in Keras's documentation: images by Pillow, augmentation by its layers."""

        change = keras.Sequential(augmentation_layers(settings.augmentation))

        def __len__(self) -> int:
            return -(-len(files) // settings.step_size)

        def __getitem__(self, number: int) -> np.ndarray:
            some = order[number * settings.step_size : (number + 1) * settings.step_size]
            loaded = [keras.utils.load_img(files[one], _color_mode(settings), target_size=size) for one in some]
            pixels = np.stack([keras.utils.img_to_array(image) for image in loaded])
            return np.asarray(self.change(pixels, training=True))

    size = (settings.spec.input_size,) * 2
    order = np.random.default_rng(settings.seed).permutation(len(files))
    images = Images()
    return lambda _: (images[number] for number in range(len(images)))
