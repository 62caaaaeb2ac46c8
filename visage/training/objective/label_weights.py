"""Weighs the labels of the training records in the losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from visage.training.objective.labels import Labels

_BY_LABEL = {"age_weight": "age", "gender_weight": "gender"}


@dataclass(frozen=True)
class LabelWeights:
    """The weight of each label of the records of one split, 0 to 1: 0 is as if it were unknown.

    Attributes:
        keys: keys of the records in the order of the split, bytes [N], each once.
        age, gender: float32 [N].
    """

    keys: np.ndarray
    age: np.ndarray
    gender: np.ndarray

    def of(self, key: tf.Tensor, labels: Labels) -> Labels:
        """Returns the weighed labels of one record, by its key, a string scalar."""
        row = self._rows.lookup(key)
        return _weighed(labels, {"age": tf.gather(self.age, row), "gender": tf.gather(self.gender, row)})

    def of_all(self, labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the weighed labels of all records, [N, ...] in the order of the split."""
        return _weighed(labels, {"age": self.age, "gender": self.gender})

    @cached_property
    def _rows(self) -> tf.lookup.StaticHashTable:
        # Outside of the graph of the data set that asks first: each epoch of streamed images is another one.
        with tf.init_scope():
            rows = tf.lookup.KeyValueTensorInitializer(tf.constant(self.keys), tf.range(len(self.keys)))
            return tf.lookup.StaticHashTable(rows, default_value=-1)


def _weighed(labels: Mapping[str, Any], weights: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value * weights[_BY_LABEL[name]] if name in _BY_LABEL else value for name, value in labels.items()}
