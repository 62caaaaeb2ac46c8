"""Counts the model's own predictions for its test data, which requests are compared with."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from visage.data.records import FaceRecord
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable
from visage.monitoring.counts import Counts
from visage.monitoring.features import ANSWERED
from visage.monitoring.observe import add_crop, add_faces

MOST_CROPS = 2000
"""Crops of the test data that are read for their size and JPEG quality, at most."""

_MEASURES = ("blur", "light", "face_size", "roll")


def counts_of(table: PredictionTable) -> Counts:
    """Returns the candidate's predictions and the measured quality of the faces, as counts.

    Predictions are compared with predictions, not with labels: a model's errors shift and widen a distribution, and
    would look like drift. No request fails: the outcome of each is an answer.
    """
    counts, outputs = Counts(), table.outputs[CANDIDATE]
    add_faces(counts, outputs.age, outputs.age_probabilities, outputs.gender_probability)
    counts.add_outcome(ANSWERED, len(table))
    for name in _MEASURES:
        for value in table.truths.quality.get(name, ()):
            counts.numbers[name].add(float(value))
    return counts


def add_crops(counts: Counts, records: Iterable[FaceRecord]) -> None:
    """Counts the size and JPEG quality of the first `MOST_CROPS` crops."""
    for record in islice(records, MOST_CROPS):
        add_crop(counts, record.image)
