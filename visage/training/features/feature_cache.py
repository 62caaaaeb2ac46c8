"""Computes the features of a frozen trunk once and keeps them in a file, so that only the head is trained.

Mirroring is the only augmentation: features of an image and of its mirror image are kept, and one is drawn each time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from visage import progress
from visage.array_files import read_arrays, write_arrays
from visage.errors import VisageError
from visage.files import atomic_file
from visage.networks import NetworkSpec
from visage.training.batches import Split, evaluation_batches
from visage.training.settings import TrainerSettings

# Half precision halves the file; these are the largest numbers it has.
_HIGHEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class FrozenFeatures:
    """The features and labels of one split.

    Attributes:
        features: float16 [records, sides, width]; the sides are the image and, if requested, its mirror image.
        labels: by name, [records, ...], as `visage.training.objective.labels` describes them.
    """

    features: np.ndarray
    labels: dict[str, np.ndarray]

    def batches(self, records: np.ndarray, sides: np.ndarray, batch_size: int) -> tf.data.Dataset:
        """Returns batches (features float32 [N, width], labels) of these records by these sides: both int64 [M]."""
        width = self.features.shape[-1]

        def read(some: np.ndarray, side: np.ndarray) -> np.ndarray:
            return self.features[some, side].astype(np.float32)

        def element(some: tf.Tensor, side: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
            features = tf.ensure_shape(tf.numpy_function(read, (some, side), tf.float32), (None, width))
            return features, {name: tf.gather(values, some) for name, values in self.labels.items()}

        batches = tf.data.Dataset.from_tensor_slices((records, sides)).batch(batch_size).map(element)
        cardinality = tf.data.experimental.assert_cardinality(math.ceil(len(records) / batch_size))
        return batches.apply(cardinality).prefetch(tf.data.AUTOTUNE)

    def in_order(self, settings: TrainerSettings) -> tf.data.Dataset:
        """Returns batches of the split in its own order, no image mirrored."""
        records = np.arange(len(self.features))
        return self.batches(records, np.zeros_like(records), settings.step_size)


class FeatureBatches:
    """Shuffled batches of features, which, as `TrainingBatches`, depend on the seed, the epoch and the step alone."""

    def __init__(self, kept: FrozenFeatures, settings: TrainerSettings, records: np.ndarray | None = None) -> None:
        """Takes the features and the recipe, and the numbers of the only records to learn from, int [M]; None: all."""
        self.kept = kept
        self._settings = settings
        self._records = np.arange(len(kept.features)) if records is None else records
        self._size = min(len(self._records), settings.epoch_size or len(self._records))
        self.steps = math.ceil(self._size / settings.step_size)

    def epoch(self, number: int, first_step: int = 0) -> tf.data.Dataset:
        """Returns the batches of an epoch (counted from 0), without those before `first_step`."""
        count, sides = len(self._records), self.kept.features.shape[1]
        drawn = np.random.default_rng([self._settings.seed, number])
        order, side = self._records[drawn.permutation(count)], drawn.integers(0, sides, count)
        first = first_step * self._settings.step_size
        return self.kept.batches(order[first : self._size], side[first : self._size], self._settings.step_size)

    def on(self, records: np.ndarray, without: str) -> FeatureBatches:
        """Returns batches of these records alone, int [M], without the labels whose name begins with `without`."""
        labels = {name: values for name, values in self.kept.labels.items() if not name.startswith(without)}
        return FeatureBatches(replace(self.kept, labels=labels), self._settings, records)


def can_keep_features(trunk: keras.Model, spec: NetworkSpec, settings: TrainerSettings) -> bool:
    """Returns whether a trunk's features are valid for all epochs, and are no more numbers than the pixels."""
    return (
        settings.augmentation.changes.keys() <= {"flip"}
        and trunk.output_shape[-1] <= spec.input_size**2 * spec.channels
    )


def keep_features(
    trunk: keras.Model, split: Split, settings: TrainerSettings, path: Path, mirrored: bool
) -> FrozenFeatures:
    """Reads a split's features from the file of a killed training, or else computes them with the trunk.

    Args:
        trunk: from pixels to features [N, width].
        split: records.
        settings: the recipe.
        path: file of the features, which must outlive the result; the labels lie beside it. An existing file is assumed
            to belong to this trunk, these records and this recipe.
        mirrored: whether to compute the features of the mirror images too.

    Raises:
        VisageError: it cannot be written, such as on a full disk.
    """
    shape = (split.size, 1 + mirrored, trunk.output_shape[-1])
    of_labels = path.with_name(f"{path.name}.labels.npz")
    labels = read_arrays(of_labels) if _is_whole(path, shape) else None
    if labels is None:
        try:
            labels = _write(path, of_labels, _compute(trunk, split, settings, mirrored), split)
        except OSError as error:
            raise VisageError(
                f"{path}: cannot be written: {error.strerror}; free space there, and run the same command again"
            ) from None
    if split.weights is not None:
        labels = split.weights.of_all(labels)
    return FrozenFeatures(np.memmap(path, np.float16, "r", shape=shape), labels)


def _write(
    path: Path, labels_path: Path, batches: Iterator[tuple[np.ndarray, dict[str, np.ndarray]]], split: Split
) -> dict[str, np.ndarray]:
    """Writes both files, the features' last, so that its presence means both are complete; returns the labels."""
    labels: list[dict[str, np.ndarray]] = []
    done = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    # Always the same name, so that the leftovers of a killed attempt are overwritten.
    with atomic_file(path, path.with_name(f".{path.name}.partial")) as partial:
        with partial.open("wb") as file:
            for features, known in batches:
                file.write(features.tobytes())
                labels.append(known)
                done += len(features)
                progress.report(f"frozen features, {split.name}", done, split.size)
        together = {name: np.concatenate([known[name] for known in labels]) for name in labels[0]}
        write_arrays(labels_path, together)
    return together


def _is_whole(path: Path, shape: tuple[int, ...]) -> bool:
    return path.is_file() and path.stat().st_size == math.prod(shape) * np.dtype(np.float16).itemsize


def _compute(
    trunk: keras.Model, split: Split, settings: TrainerSettings, mirrored: bool
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yields batches of features float16 [N, sides, width] and labels."""
    run_trunk = tf.function(lambda pixels: tf.cast(trunk(pixels, training=False), tf.float32), reduce_retracing=True)
    # The weights of the labels follow from the features, and are applied to what the file holds.
    for pixels, labels in evaluation_batches(replace(split, weights=None), settings.spec, settings):
        sides = [pixels, tf.reverse(pixels, [2])] if mirrored else [pixels]
        features = np.stack([np.clip(run_trunk(side).numpy(), -_HIGHEST, _HIGHEST) for side in sides], axis=1)
        yield features.astype(np.float16), {name: values.numpy() for name, values in labels.items()}
