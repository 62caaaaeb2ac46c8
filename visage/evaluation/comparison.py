"""Compares figures on the same records: paired tests, corrected for their number, and simultaneous intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import summaries
from visage.evaluation.metrics.spec import FRACTION, MetricSpec
from visage.evaluation.statistics import intervals
from visage.evaluation.statistics.intervals import Interval

# Probability with which `smallest_detectable` is detected.
POWER = 0.8


@dataclass(frozen=True, eq=False)
class Worsening:
    """By how much a figure is worse than another on the same records; negative: better.

    Attributes:
        value: in the unit of the metric.
        interval: of 95 % confidence; None where there is none.
        standard_error: 0 where no draw of people changes the difference; NaN for fewer than two people.
        people: number of people that the records show.
    """

    value: float
    interval: Interval | None
    standard_error: float
    people: int

    def p_value(self, margin: float) -> float:
        """Returns the probability, 0..1, of such a worsening or a greater one if the true one were `margin`."""
        if not self.standard_error > 0:
            # All replicates are alike: of equal models, or of errors that are the same for every person.
            return 1.0 if not self.value > margin or np.isnan(self.standard_error) else 0.0
        return float(stats.t.sf((self.value - margin) / self.standard_error, self.people - 1))

    def smallest_detectable(self, margin: float, level: float = 1 - intervals.CONFIDENCE) -> float | None:
        """Returns the least true worsening that a test against `margin` at `level` detects 8 times in 10.

        Returns: None for fewer than two people, or where these do not show how much the difference varies.
        """
        if not self.standard_error > 0:
            return None
        degrees = self.people - 1
        return margin + float(stats.t.ppf(1 - level, degrees) + stats.t.ppf(POWER, degrees)) * self.standard_error


def paired_worsening(
    spec: MetricSpec, figure: Figure, reference: Figure, *, identical: bool = False
) -> Worsening | None:
    """Compares two models; None where one of them has no figure.

    Where no draw of people changes the difference, the bootstrap does not bound it. The difference of two fractions of
    records then has Clopper's and Pearson's limit of the people on whom the models differ, of whom the records show
    none; another difference has no interval.

    Args:
        spec: the metric.
        figure: of a model.
        reference: of the other model, on the same records, with the same draws of people.
        identical: whether both models predict the same for every record. The difference is surely 0 then.
    """
    if figure.value is None or reference.value is None:
        return None
    replicates = spec.worsening(figure.replicates, reference.replicates)
    value, people = spec.worsening(figure.value, reference.value), figure.people
    interval = intervals.percentile_interval(replicates, people)
    error = intervals.standard_error(replicates, people)
    if error == 0 and interval is not None and not identical:
        interval = _interval_without_variance(spec, value, people)
    return Worsening(value, interval, error, people)


def _interval_without_variance(spec: MetricSpec, value: float, people: int) -> Interval | None:
    # The other summaries of fractions do not count all of the people.
    if spec.unit is not FRACTION or spec.summary is not summaries.mean:
        return None
    deviation = intervals.unanimous_limit(people)
    return Interval(max(-1.0, value - deviation), min(1.0, value + deviation))


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values corrected for their number, in their order: 0.05 then bounds the chance of any false alarm.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


def simultaneous_intervals(gaps: Mapping[str, Figure]) -> dict[str, Interval | None]:
    """Returns intervals of several groups' gaps that hold all at once with 95 % confidence.

    They are as wide as the largest of the groups' standardized deviations from their gaps asks for.

    Args:
        gaps: by the group's name, with the same draws of people.

    Returns:
        By the group's name; None where a group has no interval of its own.

    Source: Westfall and Young, Resampling-based multiple testing, 1993, chapter 2.
    """
    testable = {name: gap for name, gap in gaps.items() if gap.interval is not None and gap.standard_error > 0}
    width = _common_width([(gap.replicates - gap.value) / gap.standard_error for gap in testable.values()])
    return {
        name: Interval(gap.value - width * gap.standard_error, gap.value + width * gap.standard_error)
        if name in testable and gap.value is not None
        else gap.interval
        for name, gap in gaps.items()
    }


def _common_width(deviations: Sequence[np.ndarray]) -> float:
    """Returns the 95 % quantile of the largest of standardized deviations, float [r] each."""
    if not deviations or not deviations[0].size:
        return float("nan")
    found = np.abs(np.stack(deviations))
    # Of a replicate that drew nobody of any group there is no deviation.
    found = found[:, ~np.isnan(found).all(axis=0)]
    return float(np.quantile(np.nanmax(found, axis=0), intervals.CONFIDENCE))
