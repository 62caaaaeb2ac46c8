"""Breaks the errors of a model down: by age, by predicted class, by the quality of the image, by single faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from visage.data.labels import AGE_GROUPS, GENDERS
from visage.evaluation.calibration import PITBin, ReliabilityBin, pit_histogram, reliability
from visage.evaluation.metrics.record_values import by_blocks, gender_right, quantile_position
from visage.evaluation.metrics.score import is_known
from visage.evaluation.predictions.table import ModelOutputs, Truths
from visage.evaluation.statistics.rates import Rate, fraction_of, mean_of

# Years of a band of ages.
BAND = 5
QUALITY_BANDS = 4
FACES = 12


@dataclass(frozen=True)
class AgeBand:
    """The errors of the age in a band of true or of predicted ages.

    Attributes:
        age: years; the first of the band.
        bias: mean signed error, years; above 0 people are estimated too old.
        mae: mean absolute error, years.
    """

    age: int
    bias: Rate
    mae: Rate


@dataclass(frozen=True)
class QualityBand:
    """The errors on a quarter of the images, by a measure of their quality.

    Attributes:
        measure: 'face_size', 'blur', 'light' or 'roll' (degrees, without its sign).
        low: least value of the quarter.
        high: greatest value.
        mae: mean absolute error of the age, years; None of a model that predicts no age.
        gender_accuracy: fraction of right genders; None of a model that predicts no gender.
    """

    measure: str
    low: float
    high: float
    mae: Rate | None
    gender_accuracy: Rate | None


@dataclass(frozen=True)
class NotableFace:
    """A test record that a page can show.

    Attributes:
        kind: 'worst' of the greatest errors of the age, 'typical' of the errors next to the median.
        key: of the record.
        true_age: years.
        age: as predicted, years.
    """

    kind: str
    key: str
    true_age: float
    age: float


@dataclass(frozen=True)
class Breakdown:
    """The errors of a model in detail; empty lists where it does not predict the target.

    Attributes:
        by_true_age: bands of true ages.
        by_predicted_age: bands of predicted ages.
        age_group_confusion: number of records by true and then by predicted age group, [8][8].
        gender_confusion: number of records by true and then by predicted gender, [2][2].
        gender_reliability: of P(male).
        age_pit: of the age distribution.
        by_quality: quarters of the images by each measure that is known.
        faces: the worst, then typical ones.
    """

    by_true_age: Sequence[AgeBand]
    by_predicted_age: Sequence[AgeBand]
    age_group_confusion: Sequence[Sequence[int]]
    gender_confusion: Sequence[Sequence[int]]
    gender_reliability: Sequence[ReliabilityBin]
    age_pit: Sequence[PITBin]
    by_quality: Sequence[QualityBand]
    faces: Sequence[NotableFace]


def break_down(truths: Truths, outputs: ModelOutputs, clusters: np.ndarray) -> Breakdown:
    """Breaks the errors of a model down.

    Args:
        truths: labels of n records.
        outputs: of the model.
        clusters: number of each record's person, int [n].
    """
    true, predicted = truths.by_target(), outputs.by_target()
    knows_age = ~np.isnan(truths.age) & np.isfinite(predicted.get("age", np.full(len(truths), np.nan)))
    by_true: list[AgeBand] = []
    by_predicted: list[AgeBand] = []
    positions: list[PITBin] = []
    if "age" in predicted and not outputs.predicts_groups:
        by_true = list(_age_bands(truths.age, predicted["age"], truths.age, clusters, knows_age))
        by_predicted = list(_age_bands(truths.age, predicted["age"], predicted["age"], clusters, knows_age))
    if "age_distribution" in predicted and knows_age.any():
        found = by_blocks(quantile_position, truths.age, predicted["age_distribution"], np.flatnonzero(knows_age))
        positions = pit_histogram(found, clusters[knows_age])
    return Breakdown(
        by_true_age=by_true,
        by_predicted_age=by_predicted,
        age_group_confusion=_confusion(true["age_group"], predicted.get("age_group"), len(AGE_GROUPS)),
        gender_confusion=_confusion(true["gender"], _gender(predicted.get("gender")), len(GENDERS)),
        gender_reliability=_reliability(true["gender"], predicted.get("gender_probability"), clusters),
        age_pit=positions,
        by_quality=list(_by_quality(truths, outputs, clusters)),
        faces=[] if outputs.predicts_groups else _notable(truths, outputs, knows_age),
    )


def _age_bands(
    truth: np.ndarray, predicted: np.ndarray, by: np.ndarray, clusters: np.ndarray, known: np.ndarray
) -> Iterator[AgeBand]:
    """Yields the bands of `by`, years, that have a record, the youngest first."""
    rows = np.flatnonzero(known)
    error, band = (predicted - truth)[rows], (by[rows] // BAND).astype(int)
    for number in np.unique(band):
        of_band = band == number
        people = clusters[rows][of_band]
        yield AgeBand(int(number) * BAND, mean_of(error[of_band], people), mean_of(abs(error[of_band]), people))


def _confusion(truth: np.ndarray, predicted: np.ndarray | None, classes: int) -> list[list[int]]:
    if predicted is None:
        return []
    counted = (truth >= 0) & np.isfinite(predicted)
    places = truth[counted] * classes + predicted[counted].astype(int)
    return np.bincount(places, minlength=classes**2).reshape(classes, classes).tolist()


def _gender(probability: np.ndarray | None) -> np.ndarray | None:
    return None if probability is None else np.where(np.isfinite(probability), probability > 0.5, np.nan)


def _reliability(truth: np.ndarray, probability: np.ndarray | None, clusters: np.ndarray) -> list[ReliabilityBin]:
    if probability is None:
        return []
    counted = is_known("gender", truth) & np.isfinite(probability)
    return reliability(probability[counted], truth[counted], clusters[counted]) if counted.any() else []


def _by_quality(truths: Truths, outputs: ModelOutputs, clusters: np.ndarray) -> Iterator[QualityBand]:
    gender, predicted = truths.by_target()["gender"], outputs.by_target()
    for measure, values in truths.quality.items():
        # A face is as hard to judge tilted to one side as to the other.
        values = abs(values) if measure == "roll" else values
        known = np.flatnonzero(np.isfinite(values))
        if len(known) < QUALITY_BANDS:
            continue
        for rows in np.array_split(known[np.argsort(values[known], kind="stable")], QUALITY_BANDS):
            mae = gender_accuracy = None
            if outputs.age is not None:
                mae = mean_of(abs(outputs.age - truths.age)[rows], clusters[rows])
            if "gender" in predicted:
                named = rows[gender[rows] >= 0]
                right = gender_right(gender[named], predicted["gender"][named])
                gender_accuracy = fraction_of(right, clusters[named])
            yield QualityBand(measure, float(values[rows[0]]), float(values[rows[-1]]), mae, gender_accuracy)


def _notable(truths: Truths, outputs: ModelOutputs, known: np.ndarray) -> list[NotableFace]:
    if outputs.age is None or not known.any():
        return []
    rows = np.flatnonzero(known)
    error = abs(outputs.age - truths.age)[rows]
    worst = rows[np.argsort(-error, kind="stable")[:FACES]]
    typical = rows[np.argsort(abs(error - np.median(error)), kind="stable")[:FACES]]
    return [
        NotableFace(kind, str(truths.key[row]), float(truths.age[row]), float(outputs.age[row]))
        for kind, found in (("worst", worst), ("typical", typical))
        for row in found
    ]
