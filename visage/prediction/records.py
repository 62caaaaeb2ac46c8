"""Predicts labelled crops with a model, as the table of truths and predictions from which metrics are computed."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from visage import progress
from visage.data.labels import AGE_GROUPS, GENDERS
from visage.data.records import FaceRecord
from visage.evaluation.predictions import Predictions
from visage.prediction.photos import Predictor

BATCH = 64


def predict_records(records: Iterable[FaceRecord], predictor: Predictor) -> Predictions:
    """Predicts labelled records with a model.

    Args:
        records: their images are crops with the geometry of the model's crops.
        predictor: gives access to the model.

    Returns:
        Truths and predictions [n], in the order of the records' keys.
    """
    ordered = sorted(records, key=lambda record: record.key)
    outputs: list[dict[str, Any]] = []
    crops = (record.image for record in ordered)
    while batch := list(islice(crops, BATCH)):
        outputs += predictor.predict(batch)
        progress.report("predict records", len(outputs), len(ordered))
    return Predictions(
        keys=np.array([record.key for record in ordered], str),
        images=np.array([record.image_digest for record in ordered], str),
        true_age=np.array([np.nan if record.age is None else record.age for record in ordered], np.float32),
        true_age_group=np.array([-1 if record.age_group is None else record.age_group for record in ordered], int),
        true_gender=np.array([_index_of_gender(record) for record in ordered], int),
        age=_column(outputs, "age"),
        age_group_probabilities=_age_group_probabilities(outputs),
        gender_probability=_column(outputs, "gender_probability"),
    )


def _index_of_gender(record: FaceRecord) -> int:
    return GENDERS.index(record.gender) if record.gender in GENDERS else -1


def _column(outputs: list[dict[str, Any]], name: str) -> np.ndarray | None:
    """Returns one output for all records; None if the model lacks it."""
    if not outputs or name not in outputs[0]:
        return None
    return np.array([output[name] for output in outputs], np.float32)


def _age_group_probabilities(outputs: list[dict[str, Any]]) -> np.ndarray | None:
    """Returns the probabilities of a model that predicts groups; None if it predicts 101 years or no age."""
    probabilities = _column(outputs, "age_probabilities")
    return probabilities if probabilities is not None and probabilities.shape[1] == len(AGE_GROUPS) else None
