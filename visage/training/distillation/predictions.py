"""Keeps a teacher's predictions for every record of a split in a file, and finds them by the record's key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from visage.array_files import read_arrays, write_arrays
from visage.training.objective.labels import Labels


class TeacherPredictions:
    """A teacher's predictions for the records of one split."""

    def __init__(self, keys: np.ndarray, by_output: dict[str, np.ndarray]) -> None:
        """Keeps the predictions in memory.

        Args:
            keys: keys of the records, bytes [N], each once.
            by_output: the distribution over the ages float32 [N, 101] of `age`, P(male) float32 [N] of `gender`.
        """
        self.keys = keys
        self.by_output = by_output
        rows = tf.lookup.KeyValueTensorInitializer(tf.constant(keys), tf.range(len(keys)))
        self._row = tf.lookup.StaticHashTable(rows, default_value=-1)

    def of(self, key: tf.Tensor) -> Labels:
        """Returns the labels `teacher_*` of one record, by its key, a string scalar."""
        row = self._row.lookup(key)
        predictions = {f"teacher_{output}": tf.gather(some, row) for output, some in self.by_output.items()}
        return {**predictions, "teacher_weight": tf.constant(1.0)}

    def save(self, path: Path) -> None:
        """Writes the file atomically.

        Raises:
            VisageError: it cannot be written.
        """
        write_arrays(path, {"keys": self.keys, **self.by_output})


def load_predictions(path: Path) -> TeacherPredictions | None:
    """Reads the file of `TeacherPredictions.save`; returns None if it is missing or damaged."""
    arrays = read_arrays(path)
    return None if arrays is None or "keys" not in arrays else TeacherPredictions(arrays.pop("keys"), arrays)
