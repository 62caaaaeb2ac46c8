"""Compares groups with the other records of the same ages: by how much a group is worse than its ages let expect.

The expected figure of a group is the mean of the figures of the other records, band of age by band of age, weighted as
the group's own ages (indirect standardization: Rothman, Greenland and Lash, Modern epidemiology, 2008, chapter 4). Few
records of a group in a band cost no precision then. The group itself is left out: alone in its ages, it would be
compared with itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from visage.evaluation.comparison import simultaneous_intervals
from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import adjustable_metrics
from visage.evaluation.metrics.score import is_known
from visage.evaluation.metrics.spec import FRACTION, MetricSpec, Target
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.slices import Slice
from visage.evaluation.statistics import intervals
from visage.evaluation.statistics.intervals import Interval

# Years of a band; the last is open.
BAND = 5.0
_LAST_BAND = 16
# A band of their own, so that records of unknown age are compared with each other.
_UNKNOWN_BAND = _LAST_BAND + 1
# Of a group's records, below which a comparison says nothing about the group.
LEAST_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class Adjusted:
    """A figure of a group beside what its ages let expect.

    Attributes:
        expected: the figure of the other records with the ages of the group.
        overlap: fraction, 0..1, of the group's records that have others of the same ages, which alone are compared.
        gap: by how much the group is worse than expected; negative: better. Without a value below `LEAST_OVERLAP`.
        figure: the group's figure as if it had the ages of all records: theirs, plus the group's difference from all
            records of its ages.
    """

    expected: float | None
    overlap: float
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
            if not parts:
                continue
            expectations = _Expectations(known, values, band, parts, clusters)
            for part, adjusted in expectations.compare(specs, clusters, replicates):
                found[part.name] |= adjusted
    return found


def gaps_of(
    spec: MetricSpec, groups: Sequence[Slice], adjusted: AdjustedFigures, min_people: int
) -> dict[str, tuple[Adjusted, Interval | None]]:
    """Returns the adjusted figures of a feature's groups, with intervals of the gaps that hold all at once.

    Args:
        spec: the metric.
        groups: of the feature.
        adjusted: of `adjust`.
        min_people: of known label; groups with fewer are left out.

    Returns:
        By the group's name; the interval is None where a gap has none.
    """
    of_metric = {part.name: adjusted[part.name].get(spec.name) for part in groups}
    found = {name: each for name, each in of_metric.items() if each is not None and each.gap.people >= min_people}
    together = simultaneous_intervals({name: each.gap for name, each in found.items()})
    return {name: (each, together[name]) for name, each in found.items()}


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
        self._band = band
        self._rows = np.flatnonzero(known)
        self._values = values
        self._all = self._by_band(np.arange(len(band)))
        self._groups = [(part, place[part.rows[known[part.rows]]]) for part in slices if known[part.rows].any()]
        self._groups_by_band = [self._by_band(rows) for _, rows in self._groups]

    def _by_band(self, rows: np.ndarray) -> list[np.ndarray]:
        """Returns the records of each band among `rows`."""
        order = rows[np.argsort(self._band[rows], kind="stable")]
        return np.split(order, np.searchsorted(self._band[order], np.arange(1, self._band.max(initial=0) + 1)))

    def compare(
        self, specs: Sequence[MetricSpec], clusters: np.ndarray, replicates: int
    ) -> Iterator[tuple[Slice, dict[str, Adjusted]]]:
        """Yields each group with its adjusted figures by metric."""
        once = self._of(np.ones((1, len(self._rows))))
        drawn = [
            self._of(weight if len(self._rows) == len(clusters) else np.take(weight, self._rows, axis=1))
            for weight in intervals.bootstrap_weights(clusters, replicates, step="bootstrap at equal ages")
        ]
        for number, (part, rows) in enumerate(self._groups):
            people = len(np.unique(clusters[self._rows[rows]]))
            others = self._people_of_others(rows, clusters)
            crude = self._values[rows].mean(axis=0)
            of_metrics = {
                spec.name: _adjusted(spec, column, number, once, drawn, float(crude[column]), len(rows), people, others)
                for column, spec in enumerate(specs)
            }
            yield part, {name: adjusted for name, adjusted in of_metrics.items() if adjusted is not None}

    def _people_of_others(self, rows: np.ndarray, clusters: np.ndarray) -> int:
        """Returns the number of people among the other records in the bands of a group."""
        same_ages = np.isin(self._band, np.unique(self._band[rows]))
        same_ages[rows] = False
        return len(np.unique(clusters[self._rows[same_ages]]))

    def _sums(self, weight: np.ndarray, by_band: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the weight of each band, float [r, b], and its weighted sums of values, float [r, b, k]."""
        total = np.empty((len(weight), len(by_band)))
        sums = np.empty((*total.shape, self._values.shape[1]))
        for number, rows in enumerate(by_band):
            of_band = np.take(weight, rows, axis=1).astype(float)
            total[:, number] = of_band.sum(axis=1)
            sums[:, number] = of_band @ self._values[rows]
        return total, sums

    def _of(self, weight: np.ndarray) -> _Means:
        """Returns the figures under each row of weights, float [r, m]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            total, sums = self._sums(weight, self._all)
            pooled = sums.sum(axis=1) / total.sum(axis=1)[:, None]
            means_of_all = np.where(total[:, :, None] > 0, sums / total[:, :, None], 0.0)
            own, expected, overlap, figure = [], [], [], []
            for by_band in self._groups_by_band:
                of_group, sums_of_group = self._sums(weight, by_band)
                others = total - of_group
                compared = np.where(others > 0, of_group, 0.0)
                count = compared.sum(axis=1)[:, None]
                means = np.where(others[:, :, None] > 0, (sums - sums_of_group) / others[:, :, None], 0.0)
                own.append(np.where(others[:, :, None] > 0, sums_of_group, 0.0).sum(axis=1) / count)
                expected.append(np.einsum("rb,rbk->rk", compared, means) / count)
                size = of_group.sum(axis=1)[:, None]
                overlap.append(count[:, 0] / size[:, 0])
                difference = sums_of_group.sum(axis=1) - np.einsum("rb,rbk->rk", of_group, means_of_all)
                figure.append(pooled + difference / size)
        return _Means(pooled, np.array(own), np.array(expected), np.array(overlap), np.array(figure))


@dataclass(frozen=True, eq=False)
class _Means:
    """Figures of k metrics under r rows of weights.

    Attributes:
        pooled: of all records, float [r, k].
        own: of each group, over the records that have others of the same ages, float [groups, r, k].
        expected: of these others, float [groups, r, k].
        overlap: fraction of the group's records that are compared, float [groups, r].
        figure: of all records, plus the group's difference from all records of its ages, float [groups, r, k].
    """

    pooled: np.ndarray
    own: np.ndarray
    expected: np.ndarray
    overlap: np.ndarray
    figure: np.ndarray


def _adjusted(
    spec: MetricSpec,
    column: int,
    group: int,
    once: _Means,
    drawn: Sequence[_Means],
    crude: float,
    records: int,
    people: int,
    others: int,
) -> Adjusted | None:
    """Returns an adjusted figure; None where the model gave a record no finite number.

    Args:
        spec: the metric.
        column: its number.
        group: number of the group.
        once: the figures.
        drawn: their replicates.
        crude: the figure of all records of the group.
        records: of the group.
        people: of the group.
        others: people compared with.
    """
    overlap, figure = float(once.overlap[group, 0]), float(once.figure[group, 0, column])
    own, expected = float(once.own[group, 0, column]), float(once.expected[group, 0, column])
    if not np.isfinite(figure) or (overlap and not np.isfinite([own, expected]).all()):
        return None

    def measured(value: float, replicates: np.ndarray) -> Figure:
        return Figure(value, records, people, intervals.percentile_interval(replicates, people), replicates)

    def possible(values: Any) -> Any:
        # A difference added to a fraction may leave 0 to 1.
        return np.clip(values, 0.0, 1.0) if spec.unit is FRACTION else values

    drawn_figures = np.concatenate([each.figure[group, :, column] for each in drawn])
    # Of all records of the group: one alone in its ages has no others, and is as uncertain.
    drawn_figures += _deviation(spec, crude, people, len(drawn_figures), 2 * group)
    adjusted = measured(float(possible(figure)), possible(drawn_figures))
    if overlap < LEAST_OVERLAP:
        return Adjusted(None, overlap, Figure(None, records, people, None, np.empty(0)), adjusted)
    own_drawn = np.concatenate([each.own[group, :, column] for each in drawn])
    own_drawn += _deviation(spec, own, people, len(own_drawn), 2 * group)
    expected_drawn = np.concatenate([each.expected[group, :, column] for each in drawn])
    expected_drawn += _deviation(spec, expected, others, len(expected_drawn), 2 * group + 1)
    return Adjusted(
        expected=expected,
        overlap=overlap,
        gap=measured(spec.worsening(own, expected), spec.worsening(own_drawn, expected_drawn)),
        figure=adjusted,
    )


def _deviation(spec: MetricSpec, value: float, people: int, replicates: int, seed: int) -> np.ndarray | float:
    """Returns what the bootstrap of a fraction lacks where all records are hits, or none; 0 of other figures."""
    if spec.unit is FRACTION and value in (0.0, 1.0):
        return intervals.unanimous_deviations(people, replicates, seed)
    return 0.0
