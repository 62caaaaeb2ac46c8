"""Judges the labels of the training split by heads that have not learned from them.

The records are divided into folds by people and near duplicates. For each fold, a new head learns on the frozen
features of the other folds, as the recipe's own does, and predicts the fold (Northcutt et al. 2021, section 3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.stats import norm

from visage import progress
from visage.data.duplicates.perceptual_hash import perceptual_hash
from visage.data.labels import AGE_GROUPS, GENDERS, age_group
from visage.data.records import FaceRecord, from_example
from visage.data.settings import SuspectLabels
from visage.errors import VisageError
from visage.faces.grey import to_grey
from visage.faces.image_io import decode
from visage.networks import NetworkSpec
from visage.networks.heads import AGES, expected_age
from visage.training.batches import Split, read_examples
from visage.training.checkpoint import Checkpoint
from visage.training.devices import is_chief
from visage.training.settings import TrainerSettings
from visage.training.suspects.criterion import age_deviations, age_suspects, gender_suspects, prediction_of
from visage.training.suspects.folds import clusters_of, folds_of
from visage.training.suspects.out_of_fold import FOLDS, Predictions, check_features, predict_out_of_fold
from visage.training.suspects.requirements import why_not_judged
from visage.training.suspects.table import SuspectTable, load_table

_NEAR_DUPLICATE_DISTANCE = 7
_REPORT_EVERY = 500
# Years, of which labels count completed ones; or age groups, which a sure head confuses with their neighbours.
_NARROWEST = 1.0


def judge_labels(
    network: keras.Model,
    train_split: Split,
    val_split: Split,
    settings: TrainerSettings,
    action: SuspectLabels,
    strategy: tf.distribute.Strategy,
    checkpoint: Checkpoint | None,
) -> SuspectTable:
    """Finds labels of the training split that look wrong; those of the validation split are not judged.

    Args:
        network: with its first weights and its layers frozen; it is not changed.
        train_split: the records.
        val_split: chooses the best epoch of each head, as it does of the recipe's own.
        settings: the recipe.
        action: what is to become of the labels that look wrong; not "keep".
        strategy: the devices.
        checkpoint: keeps the features, the states of the heads and the result; None: they are not kept.

    Raises:
        VisageError: the recipe has no frozen features, there are fewer people than folds, or a file cannot be written.
    """
    file = None if checkpoint is None else checkpoint.suspect_labels_file
    table = load_table(file) if file is not None else None
    if table is None:
        if why := why_not_judged(settings):
            raise VisageError(f"trainer.{why}")
        check_features(network, settings.of_head)
        records = _read(train_split)
        fold = _folds(records, settings.seed)
        predictions = predict_out_of_fold(network, train_split, val_split, settings.of_head, fold, strategy, checkpoint)
        table = _table(records, fold, predictions, settings.spec, action)
        if file is not None and is_chief(strategy):
            table.save(file)
    return table


class _Records:
    """What the judgement needs of the records, without their images."""

    def __init__(self) -> None:
        self.records: list[FaceRecord] = []
        self.hashes: list[np.ndarray] = []


def _read(split: Split) -> _Records:
    found = _Records()
    for number, serialized in enumerate(read_examples(split.files).as_numpy_iterator()):
        if number % _REPORT_EVERY == 0:
            progress.report("near duplicates of train", number, split.size)
        record = from_example(serialized)
        found.hashes.append(perceptual_hash(to_grey(decode(record.image))))
        found.records.append(replace(record, image=b""))
    return found


def _folds(read: _Records, seed: int) -> np.ndarray:
    identities = [record.identity for record in read.records]
    clusters = clusters_of(identities, np.array(read.hashes), _NEAR_DUPLICATE_DISTANCE)
    people = int(clusters.max()) + 1
    if people < FOLDS:
        raise VisageError(
            f"cleaning.suspect_labels: the train split shows {people} people, and {FOLDS} are needed to judge each by "
            "others; give more data, or set it to keep"
        )
    return folds_of(clusters, [record.key for record in read.records], FOLDS, seed)


def _table(
    read: _Records, fold: np.ndarray, predictions: Predictions, spec: NetworkSpec, action: SuspectLabels
) -> SuspectTable:
    records = read.records
    nothing = np.full(len(records), np.nan)
    columns: dict[str, Any] = {
        "key": [record.key for record in records],
        "source": [record.source for record in records],
        "race": [record.race for record in records],
        "age": [record.age for record in records],
        "age_group": [record.age_group for record in records],
        "gender": [record.gender for record in records],
        "fold": fold,
        "predicted_age": nothing,
        "age_deviation": nothing,
        "age_probability": nothing,
        "age_suspect": np.zeros(len(records), bool),
        "male_probability": nothing,
        "gender_probability": nothing,
        "gender_suspect": np.zeros(len(records), bool),
    }
    if "age" in predictions:
        columns |= _judged_ages(records, predictions["age"], spec)
    if "gender" in predictions:
        columns |= _judged_genders(records, predictions["gender"])
    return SuspectTable.of(action, columns)


def _judged_ages(records: list[FaceRecord], probabilities: np.ndarray, spec: NetworkSpec) -> dict[str, Any]:
    of_groups = probabilities.shape[1] == len(AGE_GROUPS)
    expected = np.asarray(keras.ops.convert_to_numpy(expected_age(ops.convert_to_tensor(probabilities))))
    first, last = np.array([_classes(record, of_groups) for record in records], float).T
    prediction = prediction_of(probabilities.astype(float))
    if spec.age_head == "regression":
        # Its distribution has no width of its own.
        prediction.width[:] = _NARROWEST
        prediction.median[:] = expected
    np.maximum(prediction.width, _NARROWEST, out=prediction.width)
    group = np.array([age_group(float(age)) for age in expected])
    deviation = age_deviations(first, last, prediction, group)
    return {
        "predicted_age": expected,
        "age_deviation": deviation,
        "age_probability": 2 * norm.sf(np.abs(deviation)),
        "age_suspect": age_suspects(deviation),
    }


def _classes(record: FaceRecord, of_groups: bool) -> tuple[float, float]:
    """Returns the first and the last class that a record's age label allows; NaN where it is unknown."""
    if of_groups:
        group = np.nan if record.age_group is None else float(record.age_group)
        return group, group
    if record.age_label is None:
        return np.nan, np.nan
    first, last = np.clip([record.age_label.low, record.age_label.high], 0.0, AGES - 1.0)
    return float(first), float(last)


def _judged_genders(records: list[FaceRecord], male: np.ndarray) -> dict[str, Any]:
    label = np.array([GENDERS.index(record.gender) if record.gender in GENDERS else -1 for record in records])
    of_label = np.where(label < 0, np.nan, np.where(label == GENDERS.index("male"), male, 1 - male))
    return {
        "male_probability": male,
        "gender_probability": of_label,
        "gender_suspect": gender_suspects(label, male),
    }
