"""Reads the records of a split as a network's pixels, with the labels that predictions are compared with."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from visage.data import records
from visage.saved_model.preprocessing import decode, to_network_input
from visage.tflite.network import Network
from visage.training.batches import Split, read_examples, spread_examples

_FEATURES = {
    records.IMAGE: tf.io.FixedLenFeature([], tf.string),
    records.AGE_LOW: tf.io.FixedLenFeature([], tf.float32),
    records.AGE_HIGH: tf.io.FixedLenFeature([], tf.float32),
    records.GENDER_LABEL: tf.io.FixedLenFeature([], tf.int64),
    records.GENDER_KNOWN: tf.io.FixedLenFeature([], tf.float32),
}


def labelled_crops(split: Split, network: Network) -> tf.data.Dataset:
    """Reads all records in order: (pixels uint8 [input_size, input_size, channels], age in years, P(male) 0 or 1).

    Both labels are float32, NaN where unknown, the age also where it is not exact.
    """
    return _decoded(read_examples(split.files), network)


def spread_crops(split: Split, network: Network, count: int) -> np.ndarray:
    """Reads the pixels of `count` records spread evenly over a split: uint8 [N, input_size, input_size, channels].

    N is less if the split has fewer.
    """
    crops = _decoded(spread_examples(split, count), network)
    return next(iter(crops.map(lambda pixels, age, male: pixels).batch(count))).numpy()


def _decoded(serialized: tf.data.Dataset, network: Network) -> tf.data.Dataset:
    def parse(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        example = tf.io.parse_single_example(record, _FEATURES)
        pixels = to_network_input(decode(example[records.IMAGE]), network.input_size, network.channels)
        unknown = tf.constant(float("nan"))
        low, high = example[records.AGE_LOW], example[records.AGE_HIGH]
        age = tf.where((low >= 0) & (low == high), low, unknown)
        male = tf.cast(example[records.GENDER_LABEL], tf.float32)
        return pixels, age, tf.where(example[records.GENDER_KNOWN] > 0, male, unknown)

    return serialized.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
