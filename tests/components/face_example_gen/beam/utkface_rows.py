"""Prepared records of UTKFace with drawn images."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from visage.data.prepared_dataset import PreparedDataset
from visage.faces.encode import encode


def drawn(number: int) -> bytes:
    """Draws an image that looks like no other."""
    return encode(np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8))


def utkface_row(number: int, **what: Any) -> bytes:
    """Returns a prepared record of UTKFace, each with an image of its own."""
    values = {
        "image": drawn(number),
        "file_name": f"{number}.jpg.chip.jpg".encode(),
        "age": 20 + number,
        "gender": number % 2,
        "race": 0,
        **what,
    }
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value, bytes)
        else tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        for name, value in values.items()
        if value is not None
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def prepared(folder: Path, rows: list[bytes]) -> PreparedDataset:
    path = folder / "utkface.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            writer.write(row)
    return PreparedDataset("utkface", (str(path),), len(rows), len(rows), {})
