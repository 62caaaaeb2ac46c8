"""Asks an exported model of a test split."""

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

_Answers = dict[str, np.ndarray]


def read_split(folder: Path) -> Iterator[bytes]:
    """The serialized records of a split, as FaceExampleGen wrote them to `folder`."""
    for path in sorted(folder.glob("data_tfrecord-*.gz")):
        yield from read_all(path)


def predict(saved_model: Path, split: Path) -> Predictions:
    """What a model's signature `evaluate` says of each record of a split.

    Args:
        saved_model: folder of the SavedModel.
        split: folder of the split, which is not empty.
    """
    # The model's variables live no longer than this object.
    model = load_saved_model(saved_model)
    records: list[FaceRecord] = []
    batches: list[_Answers] = []
    serialized = read_split(split)
    while batch := list(islice(serialized, _BATCH)):
        said = model.signatures["evaluate"](examples=tf.constant(batch))
        batches.append({output: values.numpy() for output, values in said.items()})
        records += (replace(from_example(record), image=b"") for record in batch)
        progress.report("ask the model of the test split", len(records))
    return _in_order_of_keys(records, {name: np.concatenate([said[name] for said in batches]) for name in batches[0]})


def forget_networks() -> None:
    """Frees what Keras and TensorFlow keep of the networks that this process has trained."""
    keras.utils.clear_session()
    gc.collect()


def _in_order_of_keys(records: Sequence[FaceRecord], answers: _Answers) -> Predictions:
    order = sorted(range(len(records)), key=lambda place: records[place].key)
    records = [records[place] for place in order]
    answers = {name: values[order] for name, values in answers.items()}
    probabilities = answers.get("age_probabilities")
    of_groups = probabilities is not None and probabilities.shape[1] == len(AGE_GROUPS)
    return Predictions(
        keys=np.array([record.key for record in records]),
        images=np.array([record.image_digest for record in records]),
        true_age=np.array([np.nan if record.age is None else record.age for record in records], np.float32),
        true_age_group=np.array([-1 if record.age_group is None else record.age_group for record in records]),
        true_gender=np.array([GENDERS.index(record.gender) if record.gender in GENDERS else -1 for record in records]),
        age=answers.get("age"),
        age_group_probabilities=probabilities if of_groups else None,
        gender_probability=answers.get("gender_probability"),
    )
