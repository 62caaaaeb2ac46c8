"""Predicts a test split with an exported model."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from visage import progress
from visage.data.labels import AGE_GROUPS, GENDERS
from visage.data.records import FaceRecord, from_example
from visage.data.tfrecords import read_all
from visage.evaluation.predictions import Predictions
from visage.saved_model.load import load_saved_model

_BATCH = 64

_Outputs = dict[str, np.ndarray]


def read_split(folder: Path) -> Iterator[bytes]:
    """Yields the serialized records of a split that FaceExampleGen wrote to `folder`."""
    for path in sorted(folder.glob("data_tfrecord-*.gz")):
        yield from read_all(path)


def predict(saved_model: Path, split: Path) -> Predictions:
    """Returns the predictions of a model's signature `evaluate` for each record of a split.

    Args:
        saved_model: folder of the SavedModel.
        split: folder of the split, which is not empty.
    """
    # The model's variables live only as long as this object.
    model = load_saved_model(saved_model)
    records: list[FaceRecord] = []
    batches: list[_Outputs] = []
    serialized = read_split(split)
    while batch := list(islice(serialized, _BATCH)):
        outputs = model.signatures["evaluate"](examples=tf.constant(batch))
        batches.append({output: values.numpy() for output, values in outputs.items()})
        records += (replace(from_example(record), image=b"") for record in batch)
        progress.report("predict the test split", len(records))
    return _in_order_of_keys(
        records, {name: np.concatenate([outputs[name] for outputs in batches]) for name in batches[0]}
    )


def clear_networks() -> None:
    """Frees the memory of the networks that this process has trained."""
    keras.utils.clear_session()
    gc.collect()


def _in_order_of_keys(records: Sequence[FaceRecord], outputs: _Outputs) -> Predictions:
    order = sorted(range(len(records)), key=lambda place: records[place].key)
    records = [records[place] for place in order]
    outputs = {name: values[order] for name, values in outputs.items()}
    probabilities = outputs.get("age_probabilities")
    of_groups = probabilities is not None and probabilities.shape[1] == len(AGE_GROUPS)
    return Predictions(
        keys=np.array([record.key for record in records]),
        images=np.array([record.image_digest for record in records]),
        true_age=np.array([np.nan if record.age is None else record.age for record in records], np.float32),
        true_age_group=np.array([-1 if record.age_group is None else record.age_group for record in records]),
        true_gender=np.array([GENDERS.index(record.gender) if record.gender in GENDERS else -1 for record in records]),
        age=outputs.get("age"),
        age_group_probabilities=probabilities if of_groups else None,
        gender_probability=outputs.get("gender_probability"),
    )
