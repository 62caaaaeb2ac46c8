"""Predicts labelled crops with a model, as the table of labels and outputs from which metrics are computed."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from visage import progress
from visage.data.records import FaceRecord
from visage.evaluation.predictions.table import CANDIDATE, ModelOutputs, PredictionTable, Truths
from visage.prediction.photos import Predictor

BATCH = 64


def predict_records(records: Iterable[FaceRecord], predictor: Predictor) -> PredictionTable:
    """Predicts labelled records with a model.

    Args:
        records: their images are crops with the geometry of the model's crops.
        predictor: gives access to the model.

    Returns:
        Labels and outputs of n records, in the order of their keys.
    """
    ordered = sorted(records, key=lambda record: record.key)
    outputs: list[dict[str, Any]] = []
    crops = (record.image for record in ordered)
    while batch := list(islice(crops, BATCH)):
        outputs += predictor.predict(batch)
        progress.report("predict records", len(outputs), len(ordered))
    found = ModelOutputs(
        age=_column(outputs, "age"),
        age_probabilities=_column(outputs, "age_probabilities"),
        gender_probability=_column(outputs, "gender_probability"),
    )
    return PredictionTable(Truths.of_records(ordered), {CANDIDATE: found})


def _column(outputs: list[dict[str, Any]], name: str) -> np.ndarray | None:
    """Returns one output for all records; None if the model lacks it."""
    if not outputs or name not in outputs[0]:
        return None
    return np.array([output[name] for output in outputs], np.float32)
