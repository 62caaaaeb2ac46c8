"""Measures how well predicted probabilities agree with frequencies: reliability diagram and PIT histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visage.evaluation.statistics.rates import Rate, fraction_of

BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """The records whose predicted probability lies in a range.

    Attributes:
        low: lower end of the range, which belongs to it.
        high: upper end, which belongs to the last bin alone.
        predicted: mean predicted probability; None without a record.
        observed: fraction of the records with the outcome 1; equals `predicted` if the model is well calibrated.
    """

    low: float
    high: float
    predicted: float | None
    observed: Rate


@dataclass(frozen=True)
class PITBin:
    """The records whose true value lies in a range of its predicted distribution.

    Attributes:
        low: lower end of the range, 0..1.
        high: upper end.
        fraction: of all records; 1 / `BINS` if the model is well calibrated. Over all bins a U means distributions that
            are too narrow, a hump too wide ones, a slope too young or too old ones.
    """

    low: float
    high: float
    fraction: Rate


def reliability(probability: np.ndarray, outcome: np.ndarray, clusters: np.ndarray) -> list[ReliabilityBin]:
    """Compares predicted probabilities with observed frequencies, in bins of equal width.

    Args:
        probability: predicted, 0..1, float [n].
        outcome: true values, 0 or 1, [n].
        clusters: number of each record's person, int [n].

    Source: Murphy and Winkler, Reliability of subjective probability forecasts, Applied Statistics 1977.

    >>> one, *_, ten = reliability(np.array([0.05, 0.95]), np.array([0, 1]), np.array([0, 1]))
    >>> (one.predicted, one.observed.value), (ten.predicted, ten.observed.value)
    ((0.05, 0.0), (0.95, 1.0))
    """
    place = _bins(probability)
    return [
        ReliabilityBin(
            number / BINS,
            (number + 1) / BINS,
            float(probability[place == number].mean()) if (place == number).any() else None,
            fraction_of(outcome[place == number] == 1, clusters[place == number]),
        )
        for number in range(BINS)
    ]


def pit_histogram(positions: np.ndarray, clusters: np.ndarray) -> list[PITBin]:
    """Counts the positions of true values in their predicted distributions, in bins of equal width.

    Args:
        positions: of `record_values.quantile_position`, 0..1, float [n].
        clusters: number of each record's person, int [n].

    Source: Czado, Gneiting and Held, Predictive model assessment for count data, Biometrics 2009.

    >>> [each.fraction.value for each in pit_histogram(np.array([0.05, 0.15, 0.17, 0.95]), np.arange(4))][:2]
    [0.25, 0.5]
    """
    place = _bins(positions)
    return [
        PITBin(number / BINS, (number + 1) / BINS, fraction_of(place == number, clusters)) for number in range(BINS)
    ]


def _bins(values: np.ndarray) -> np.ndarray:
    """Returns the number of each value's bin, int [n]; of what is no number, -1."""
    place = np.floor(np.where(np.isfinite(values), values, -1.0) * BINS).astype(int)
    return np.where(values == 1, BINS - 1, place)
