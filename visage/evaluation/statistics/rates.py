"""Holds fractions of records and means of values with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visage.evaluation.statistics.intervals import Interval, mean_interval, wilson_interval


@dataclass(frozen=True)
class Rate:
    """A fraction of records, or a mean over records.

    Attributes:
        value: 0..1 of a fraction, else in the unit of the values; None without a record.
        interval: of 95 % confidence; None where there is none.
        records: number of records.
        people: that they show.
    """

    value: float | None
    interval: Interval | None
    records: int
    people: int


def fraction_of(hits: np.ndarray, clusters: np.ndarray) -> Rate:
    """Returns the fraction of records that are hits.

    Args:
        hits: bool [n].
        clusters: number of each record's person, int [n].
    """
    hits = hits.astype(float)
    value = float(hits.mean()) if len(hits) else None
    return Rate(value, wilson_interval(hits, clusters), len(hits), len(np.unique(clusters)))


def mean_of(values: np.ndarray, clusters: np.ndarray) -> Rate:
    """Returns the mean of values, those of them that are finite numbers.

    Args:
        values: float [n].
        clusters: number of each record's person, int [n].
    """
    finite = np.isfinite(values)
    values, clusters = values[finite], clusters[finite]
    value = float(values.mean()) if len(values) else None
    return Rate(value, mean_interval(values, clusters), len(values), len(np.unique(clusters)))
