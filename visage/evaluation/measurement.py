"""Measures every metric of a model on every slice, with bootstrap replicates over people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from visage.evaluation.metrics import summaries
from visage.evaluation.metrics.record_values import by_blocks
from visage.evaluation.metrics.score import is_known
from visage.evaluation.metrics.spec import MetricSpec, Target
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.slices import Slice
from visage.evaluation.standardization import Standard
from visage.evaluation.statistics import intervals
from visage.evaluation.statistics.intervals import Interval

if TYPE_CHECKING:
    from visage.evaluation.metrics.record_values import RecordValues


@dataclass(frozen=True)
class Measured:
    """One metric of one model on one slice.

    Attributes:
        value: in the unit of the metric; None where it cannot be measured.
        records: number of records of known truth.
        people: number of people that they show.
        interval: of 95 % confidence; None where there is none.
    """

    value: float | None
    records: int
    people: int
    interval: Interval | None


@dataclass(frozen=True, eq=False)
class Figure(Measured):
    """The same with what it was computed from.

    Attributes:
        replicates: of the bootstrap over people, float [r], NaN where undefined.
    """

    replicates: np.ndarray

    @property
    def standard_error(self) -> float:
        """Returns the standard error in the unit of the metric; NaN for fewer than two people."""
        return intervals.standard_error(self.replicates, self.people)


# Figures by the name of the slice, then by that of the metric.
Figures = Mapping[str, Mapping[str, Figure]]


def measure_slices(
    table: PredictionTable,
    role: str,
    slices: Sequence[Slice],
    metrics: Sequence[MetricSpec],
    clusters: np.ndarray,
    standard: Standard | None = None,
    replicates: int = intervals.REPLICATES,
) -> Figures:
    """Measures a model. Every call with the same table draws the same people: replicates of two models are paired.

    Args:
        table: n records.
        role: of the model in the table.
        slices: of the records.
        metrics: those that the model does not predict are left out.
        clusters: number of each record's person, int [n].
        standard: what the figures are standardized to; None: crude figures.
        replicates: of the bootstrap; 0: no intervals but those of fractions.
    """
    parts = list(_parts(table, role, slices, metrics, clusters, standard))
    if not parts:
        return {}
    for weight in intervals.bootstrap_weights(clusters, replicates, step=f"bootstrap of the {role}"):
        # Parts of the same records follow one another, and share their weights.
        for _, of_rows in groupby(parts, key=lambda part: id(part.rows)):
            first, *others = of_rows
            of_parts = weight if len(first.rows) == len(clusters) else np.take(weight, first.rows, axis=1)
            for part in (first, *others):
                part.draw(of_parts)
    figures: dict[str, dict[str, Figure]] = {}
    for part in parts:
        figures.setdefault(part.slice, {}).update(part.figures())
    # In the order of the metrics, not of what they predict.
    return {
        name: {spec.name: found[spec.name] for spec in metrics if spec.name in found} for name, found in figures.items()
    }


def _parts(
    table: PredictionTable,
    role: str,
    slices: Sequence[Slice],
    metrics: Sequence[MetricSpec],
    clusters: np.ndarray,
    standard: Standard | None,
) -> Iterator[_Part]:
    """Yields the parts of each slice; those of the same records follow one another and have the same `rows`."""
    truths, predictions = table.truths.by_target(), table.outputs[role].by_target()
    by_target: dict[Target, list[MetricSpec]] = {}
    for spec in metrics:
        if spec.target in predictions:
            by_target.setdefault(spec.target, []).append(spec)
    by_known: dict[bytes, list[Target]] = {}
    for target in by_target:
        by_known.setdefault(_counted(target, truths[target], standard).tobytes(), []).append(target)
    for packed, targets in by_known.items():
        known = np.frombuffer(packed, bool)
        values = {target: _values(by_target[target], truths[target], predictions[target], known) for target in targets}
        place = np.cumsum(known) - 1
        for each in slices:
            rows = each.rows[known[each.rows]]
            for target in targets:
                of_slice = {name: found[place[rows]] for name, found in values[target].items()}
                yield _Part(each.name, by_target[target], rows, clusters, of_slice, standard)


def _counted(target: Target, truths: np.ndarray, standard: Standard | None) -> np.ndarray:
    known = is_known(target, truths)
    return known & (standard.stratum >= 0) if standard else known


def _values(
    specs: Sequence[MetricSpec], y_true: np.ndarray, y_pred: np.ndarray, known: np.ndarray
) -> dict[RecordValues, np.ndarray]:
    """Returns what metrics take from the known records, by function: several metrics take the same."""
    rows = np.flatnonzero(known)
    return {function: by_blocks(function, y_true, y_pred, rows) for function in {spec.values: None for spec in specs}}


@dataclass(eq=False)
class _Part:
    """The records of a slice for which a target is known, and the metrics of that target.

    Attributes:
        slice: its name.
        specs: the metrics.
        rows: indices of its m records, int [m].
        clusters: number of the person of each record of the table, int [n].
        values: of the m records, float32 [m] or [m, k], by the function that computes them.
        standard: what the figures are standardized to.
        drawn: replicates by metric, chunk by chunk.
    """

    slice: str
    specs: Sequence[MetricSpec]
    rows: np.ndarray
    clusters: np.ndarray
    values: dict[RecordValues, np.ndarray]
    standard: Standard | None
    drawn: list[dict[str, np.ndarray]] = field(default_factory=list)

    def draw(self, weight: np.ndarray) -> None:
        """Adds the replicates for weights float32 [r, m]."""
        self.drawn.append(self._summarize(weight))

    def figures(self) -> Iterator[tuple[str, Figure]]:
        people = len(np.unique(self.clusters[self.rows]))
        values = self._summarize(np.ones((1, len(self.rows))))
        for spec in self.specs:
            if spec.of_people is not None:
                yield spec.name, Figure(self._of_people(spec), len(self.rows), people, None, np.empty(0))
                continue
            replicates = np.concatenate([each[spec.name] for each in self.drawn]) if self.drawn else np.empty(0)
            value = float(values[spec.name][0])
            if np.isfinite(value):
                interval = self._interval(spec, replicates, people)
                yield spec.name, Figure(value, len(self.rows), people, interval, replicates)
            else:
                yield spec.name, Figure(None, len(self.rows), people, None, replicates)

    def _interval(self, spec: MetricSpec, replicates: np.ndarray, people: int) -> Interval | None:
        hits = spec.hits(self.values[spec.values])
        if hits is None:
            return intervals.percentile_interval(replicates, people)
        of_records, counted = hits
        if self.standard:
            # Where all records are hits, or none, every draw gives the same, and shows nothing.
            differ = of_records.any() and not of_records.all()
            return intervals.percentile_interval(replicates, people) if differ else None
        return intervals.wilson_interval(of_records.astype(float), self.clusters[self.rows[counted]])

    def _of_people(self, spec: MetricSpec) -> float | None:
        values = self.values[spec.values].astype(float)
        return spec.figure(values, self.clusters[self.rows]) if len(self.rows) else None

    def _summarize(self, weight: np.ndarray) -> dict[str, np.ndarray]:
        """Returns each metric that has replicates under weights [r, m], float [r]."""
        specs = [spec for spec in self.specs if spec.of_people is None]
        if not weight.size:
            return {spec.name: np.full(len(weight), np.nan) for spec in specs}
        if self.standard:
            weight = self.standard.reweigh(self.rows, weight)
        means = [spec for spec in specs if spec.summary is summaries.mean]
        found = {
            spec.name: spec.summary(self.values[spec.values].astype(weight.dtype, copy=False), weight)
            for spec in specs
            if spec not in means
        }
        if means:
            # One product of matrices for all means.
            values = np.stack([self.values[spec.values] for spec in means], axis=1).astype(weight.dtype, copy=False)
            found |= dict(zip((spec.name for spec in means), summaries.mean(values, weight).T, strict=True))
        return found
