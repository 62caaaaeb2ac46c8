"""Compares groups with all records of the same ages: by how much a group is worse than its ages let expect.

The expected figure of a group is the mean of the figures of all records, band of age by band of age, weighted as the
group's own ages (indirect standardization: Rothman, Greenland and Lash, Modern epidemiology, 2008, chapter 4). Few
records of a group in a band cost no precision then, and no band needs a record of every group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import adjustable_metrics, is_known
from visage.evaluation.metrics.spec import MetricSpec, Target
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.slices import Slice
from visage.evaluation.statistics import intervals

# Years of a band; the last is open.
BAND = 5.0
_LAST_BAND = 16
# A band of their own, so that records of unknown age are compared with each other.
_UNKNOWN_BAND = _LAST_BAND + 1


@dataclass(frozen=True, eq=False)
class Adjusted:
    """A figure of a group beside what its ages let expect.

    Attributes:
        expected: the figure of all records with the ages of the group.
        gap: by how much the group is worse than expected; negative: better.
        figure: the group's figure as if it had the ages of all records: theirs, plus the difference from the expected.
    """

    expected: float
    gap: Figure
    figure: Figure


# By the name of the slice, then by that of the metric.
AdjustedFigures = Mapping[str, Mapping[str, Adjusted]]


def adjust(
    table: PredictionTable,
    role: str,
    slices: Sequence[Slice],
    clusters: np.ndarray,
    replicates: int = intervals.REPLICATES,
) -> AdjustedFigures:
    """Compares groups with all records of the same ages; groups of age alone with all records.

    Args:
        table: n records.
        role: of the model in the table.
        slices: groups.
        clusters: number of each record's person, int [n].
        replicates: of the bootstrap.

    Returns:
        Of each group the metrics of `adjustable_metrics` that the model predicts and a record knows.
    """
    truths, predictions = table.truths.by_target(), table.outputs[role].by_target()
    by_target: dict[Target, list[MetricSpec]] = {}
    for spec in adjustable_metrics():
        if spec.target in predictions:
            by_target.setdefault(spec.target, []).append(spec)
    found: dict[str, dict[str, Adjusted]] = {part.name: {} for part in slices}
    for target, specs in by_target.items():
        known = is_known(target, truths[target])
        if not known.any():
            continue
        values = np.stack([spec.values(truths[target][known], predictions[target][known]) for spec in specs], axis=1)
        bands = {False: _bands(table.truths.age)[known], True: np.zeros(known.sum(), int)}
        for of_age_alone, band in bands.items():
            parts = [part for part in slices if (set(part.values) == {"age_group"}) == of_age_alone]
            expectations = _Expectations(known, values, band, parts, clusters)
            for part, adjusted in expectations.compare(specs, clusters, replicates):
                found[part.name] |= adjusted
    return found


def _bands(age: np.ndarray) -> np.ndarray:
    """Returns the number of the band of each age in years, int [n]."""
    band = np.minimum(np.nan_to_num(age) // BAND, _LAST_BAND).astype(int)
    return np.where(np.isnan(age), _UNKNOWN_BAND, band)


class _Expectations:
    """Values of the records that know a target, in bands, and the groups among these records."""

    def __init__(
        self, known: np.ndarray, values: np.ndarray, band: np.ndarray, slices: Sequence[Slice], clusters: np.ndarray
    ) -> None:
        """Prepares the bands.

        Args:
            known: bool [n], which records know the target: m of them.
            values: float [m, k], of k metrics.
            band: int [m].
            slices: of the n records.
            clusters: number of each record's person, int [n].
        """
        place = np.cumsum(known) - 1
        self._rows = np.flatnonzero(known)
        self._values = values.astype(np.float32)
        self._member = (band[:, None] == np.arange(band.max(initial=0) + 1)).astype(np.float32)
        self._products = (self._member[:, :, None] * self._values[:, None, :]).reshape(len(values), -1)
        self._groups = [(part, place[part.rows[known[part.rows]]]) for part in slices if known[part.rows].any()]

    def compare(
        self, specs: Sequence[MetricSpec], clusters: np.ndarray, replicates: int
    ) -> Iterator[tuple[Slice, dict[str, Adjusted]]]:
        """Yields each group with its adjusted figures by metric."""
        once = self._of(np.ones((1, len(self._rows)), np.float32))
        drawn = [self._of(weight[:, self._rows]) for weight in intervals.bootstrap_weights(clusters, replicates)]
        for number, (part, rows) in enumerate(self._groups):
            people = len(np.unique(clusters[self._rows[rows]]))
            yield (
                part,
                {
                    spec.name: adjusted
                    for column, spec in enumerate(specs)
                    if (adjusted := _adjusted(spec, column, number, once, drawn, len(rows), people)) is not None
                },
            )

    def _of(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns figures [r, k] of all records, and of each group its own and the expected ones, [groups, r, k]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            total = weight @ self._member
            sums = (weight @ self._products).reshape(len(weight), total.shape[1], -1)
            # A band that nobody was drawn of has no member in any group either.
            means = np.nan_to_num(sums / total[:, :, None], nan=0.0, posinf=np.inf)
            pooled = sums.sum(axis=1) / total.sum(axis=1)[:, None]
            own, expected = [], []
            for _, rows in self._groups:
                of_group = weight[:, rows]
                count = of_group.sum(axis=1)[:, None]
                own.append(of_group @ self._values[rows] / count)
                expected.append(np.einsum("rb,rbk->rk", of_group @ self._member[rows], means) / count)
        return pooled, np.array(own), np.array(expected)


def _adjusted(
    spec: MetricSpec,
    column: int,
    group: int,
    once: tuple[np.ndarray, np.ndarray, np.ndarray],
    drawn: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    records: int,
    people: int,
) -> Adjusted | None:
    pooled, own, expected = (float(each[..., 0, column][group] if each.ndim == 3 else each[0, column]) for each in once)
    if not np.isfinite([pooled, own, expected]).all():
        return None
    pooled_drawn = np.concatenate([each[0][:, column] for each in drawn])
    own_drawn = np.concatenate([each[1][group, :, column] for each in drawn])
    expected_drawn = np.concatenate([each[2][group, :, column] for each in drawn])

    def figure(value: float, replicates: np.ndarray) -> Figure:
        return Figure(value, records, people, intervals.percentile_interval(replicates, people), replicates)

    return Adjusted(
        expected=expected,
        gap=figure(spec.worsening(own, expected), spec.worsening(own_drawn, expected_drawn)),
        figure=figure(pooled + own - expected, pooled_drawn + own_drawn - expected_drawn),
    )
