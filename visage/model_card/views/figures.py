"""Shows metrics of all records and of groups beside those of the models before, as dots and whiskers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from visage.evaluation.evaluation import Evaluation, SliceFigures
from visage.evaluation.measurement import Measured
from visage.evaluation.metrics import METRICS, adjustable_metrics, metrics_of
from visage.evaluation.metrics.spec import FRACTION, MetricSpec, Unit
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, REFERENCE
from visage.evaluation.statistics.intervals import Interval
from visage.html.page import NOTHING
from visage.model_card.plots.axis import Axis, round_axis
from visage.model_card.plots.dots import Lane, lanes, scale

_UNIT = Axis(0.0, 1.0, ())
_MINUS = "\u2212"
_ZERO = re.compile(r"-0(?:\.0*)?(?![\d.])")


@dataclass(frozen=True)
class Row:
    """One row of dots.

    Attributes:
        name: of the group or the metric.
        note: below the name, e.g. the number of people.
        lanes: the figures of the row.
        chart: of these.
        few: whether the group has too few people to say much.
        missing: why there is no figure of the model; '' where there is one.
        no_interval: why the figure of the model has no interval, where that is known; else ''.
    """

    name: str
    note: str
    lanes: Sequence[Lane]
    chart: Markup
    few: bool = False
    missing: str = ""
    no_interval: str = ""


@dataclass(frozen=True)
class Rows:
    """Rows with one axis.

    Attributes:
        title: of the rows.
        rows: from top to bottom.
        scale: ticks of the axis.
    """

    title: str
    rows: Sequence[Row]
    scale: Markup


def signed(text: str) -> str:
    """Returns the text of a number with a true minus sign, and a zero without any.

    >>> signed("-0.00 years"), signed("-0.02") == "\N{MINUS SIGN}0.02"
    ('0.00 years', True)
    """
    return text.removeprefix("-") if _ZERO.match(text) else text.replace("-", _MINUS)


def with_interval(unit: Unit, value: float, interval: Interval | None) -> str:
    """Returns e.g. '4.32 (4.05 to 4.61)', without the unit's symbol."""
    text = signed(unit.number(value))
    if interval is None:
        return text
    return f"{text} ({signed(unit.number(interval.low))} to {signed(unit.number(interval.high))})"


def metric_rows(evaluation: Evaluation, heads: Mapping[str, str | None]) -> list[Rows]:
    """Returns every metric on all records: those of the age, then those of the gender. Each row has its own axis."""
    overall = evaluation.overall
    found = []
    for head, heading in (("age", "Age"), ("gender", "Gender")):
        rows = []
        for spec in metrics_of("evaluation"):
            if spec.head != head or heads[head] is None:
                continue
            row_lanes = _lanes(spec, overall)
            why = overall.why_not_measured(spec.name) or ""
            axis = _axis(spec, [row_lanes], [row_lanes])
            title = f"{spec.title}{_unit_in_brackets(spec)}"
            chart = lanes(row_lanes, axis, _zero(spec))
            rows.append(Row(title, "", row_lanes, chart, missing=why, no_interval=_why_no_interval(spec, overall)))
        if rows:
            found.append(Rows(heading, rows, Markup("")))
    return found


def group_rows(evaluation: Evaluation, heads: Mapping[str, str | None]) -> dict[str, list[Rows]]:
    """Returns by feature the metrics that are compared between groups, a row for each group."""
    found: dict[str, list[Rows]] = {}
    for feature, parts in groupby(evaluation.groups, key=lambda part: next(iter(part.values))):
        groups = list(parts)
        compared = [spec for spec in METRICS.values() if spec.group_heading and heads[spec.head] is not None]
        found[feature] = [_of_groups(evaluation, spec, groups) for spec in compared]
    return found


def pair_rows(evaluation: Evaluation, heads: Mapping[str, str | None]) -> list[Rows]:
    """Returns the same for the groups of two features; only of metrics that pairs are measured by."""
    pairs = [part for part in evaluation.slices if len(part.values) > 1]
    compared = [
        spec for spec in METRICS.values() if spec.group_heading and spec.limits and heads[spec.head] is not None
    ]
    return [_of_groups(evaluation, spec, pairs, roles=(CANDIDATE,)) for spec in compared] if pairs else []


def change_rows(evaluation: Evaluation, others: Mapping[str, str]) -> list[Rows]:
    """Returns how much worse the model is than each other model, each metric on its own axis.

    Args:
        evaluation: the figures.
        others: what the other models are called, by role.
    """
    found = []
    for role, changes in groupby(evaluation.changes, key=lambda change: change.compared_with):
        rows = []
        for change in changes:
            spec = METRICS[change.metric]
            axis = round_axis([change.value, *_ends(change.interval)], zero=True, most=4)
            lane = Lane("candidate", change.value, change.interval, _gap_text(spec, change.value, change.interval))
            rows.append(Row(f"{spec.title} ({spec.unit.of_change or 'units'})", "", [lane], lanes([lane], axis, 0.0)))
        found.append(Rows(f"Against the {others[role]}", rows, Markup("")))
    return found


def gap_rows(evaluation: Evaluation) -> list[Rows]:
    """Returns how much worse each group is than all records of the same ages, by metric."""
    found = []
    # A group that is all records has no gap.
    alone = {part.name for part in evaluation.groups if part.records == evaluation.overall.records}
    for spec in adjustable_metrics():
        gaps = [gap for gap in evaluation.gaps if gap.metric == spec.name and gap.slice not in alone]
        if not gaps or not spec.group_heading:
            continue
        ends = [end for gap in gaps for end in (gap.value, *_ends(gap.interval))]
        axis = round_axis(ends, zero=True, most=4)
        rows = []
        for gap in gaps:
            lane = Lane("candidate", gap.value, gap.interval, _gap_text(spec, gap.value, gap.interval))
            rows.append(Row(gap.slice.replace("_", " "), "", [lane], lanes([lane], axis, 0.0)))
        found.append(
            Rows(f"{spec.title}: worse by ({spec.unit.of_change or 'units'})", rows, scale(axis, _tick(spec, axis)))
        )
    return found


def _gap_text(spec: MetricSpec, value: float, interval: Interval | None) -> str:
    text = with_interval(spec.unit, value, interval)
    return text if text.startswith((_MINUS, "0")) and value <= 0 else f"+{text}"


def _of_groups(
    evaluation: Evaluation,
    spec: MetricSpec,
    groups: Sequence[SliceFigures],
    roles: Sequence[str] = (CANDIDATE, "adjusted", BASELINE, REFERENCE),
) -> Rows:
    found = {part.name: _lanes(spec, part, roles) for part in groups}
    large = {part.name for part in groups if part.people >= evaluation.min_people} or found.keys()
    axis = _axis(spec, list(found.values()), [found[name] for name in found if name in large])
    rows = []
    for part in groups:
        few = part.people < evaluation.min_people
        note = f"{part.people:,} {'person' if part.people == 1 else 'people'}".replace(",", "\u202f")
        row_lanes = found[part.name]
        why = "" if any(lane.kind == CANDIDATE for lane in row_lanes) else part.why_not_measured(spec.name) or NOTHING
        name = ", ".join(part.values.values())
        chart = lanes(row_lanes, axis, _zero(spec))
        rows.append(Row(name, note, row_lanes, chart, few, why, _why_no_interval(spec, part)))
    return Rows(f"{spec.title}{_unit_in_brackets(spec)}", rows, scale(axis, _tick(spec, axis)))


def _lanes(
    spec: MetricSpec,
    part: SliceFigures,
    roles: Sequence[str] = (CANDIDATE, "adjusted", BASELINE, REFERENCE),
) -> list[Lane]:
    return [
        Lane(role, figure.value, interval, with_interval(spec.unit, figure.value, interval))
        for role, figure in _figures(spec, part, roles)
        if figure.value is not None
        for interval in [_possible(spec, figure.interval)]
    ]


def _why_no_interval(spec: MetricSpec, part: SliceFigures) -> str:
    return part.why_no_interval(spec.name) or ""


def _possible(spec: MetricSpec, interval: Interval | None) -> Interval | None:
    """Returns the part of an interval that the figure can take: that of an adjusted fraction may exceed 0..1."""
    if interval is None or spec.unit is not FRACTION:
        return interval
    return Interval(max(0.0, interval.low), min(1.0, interval.high))


def _figures(spec: MetricSpec, part: SliceFigures, roles: Sequence[str]) -> Iterator[tuple[str, Measured]]:
    for role in roles:
        # A group of age alone has no other ages.
        if role == "adjusted" and set(part.values) == {"age_group"}:
            continue
        figures = part.adjusted if role == "adjusted" else part.figures.get(role, {})
        if spec.name in figures:
            yield role, figures[spec.name]


def _axis(spec: MetricSpec, rows: Sequence[Sequence[Lane]], whole: Sequence[Sequence[Lane]]) -> Axis:
    """Returns an axis over the figures of rows, and over the intervals of those that are to be seen whole."""
    ends = [lane.value for row in rows for lane in row]
    ends += [end for row in whole for lane in row for end in _ends(lane.interval)]
    return round_axis(ends, zero=_zero(spec) is not None, most=4, within=_UNIT if spec.unit is FRACTION else None)


def _ends(interval: Interval | None) -> tuple[float, ...]:
    return () if interval is None else (interval.low, interval.high)


def _zero(spec: MetricSpec) -> float | None:
    return 0.0 if spec.better == "nominal" and spec.nominal == 0 else None


def _tick(spec: MetricSpec, axis: Axis) -> Callable[[float], str]:
    digits = max(0, axis.digits - (2 if spec.unit is FRACTION else 0))
    return lambda value: signed(f"{spec.unit.factor * value:.{digits}f}")


def _unit_in_brackets(spec: MetricSpec) -> str:
    return f" ({spec.unit.symbol})" if spec.unit.symbol else ""
