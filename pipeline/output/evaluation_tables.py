"""Prints an evaluation: metrics of all records and of groups, comparisons, and published figures."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pipeline.output.console import Reporter
from pipeline.output.gate_table import print_gates
from pipeline.output.legal_age_tables import print_legal_ages
from visage.evaluation.evaluation import Evaluation, SliceFigures
from visage.evaluation.gates.gate import COMPARISONS, Comparison
from visage.evaluation.measurement import Measured
from visage.evaluation.metrics import METRICS, metrics_of
from visage.evaluation.metrics.spec import MetricSpec
from visage.evaluation.predictions.table import CANDIDATE
from visage.evaluation.statistics.intervals import Interval
from visage.model_card.published import CAPTION, PublishedRow

_NOTHING = "\u2013"


def print_evaluation(found: Evaluation, reporter: Reporter) -> None:
    """Prints the figures and, where there are limits, the gates."""
    reporter.print()
    reporter.print(_metrics_table(found.overall))
    _print_exact_ages(found.overall, reporter)
    for role in COMPARISONS:
        if found.compares_with(role):
            reporter.print()
            reporter.print(_changes_table(found, role))
    if found.groups:
        reporter.print()
        reporter.print(_groups_table([found.overall, *found.groups]))
    print_legal_ages(found.legal_ages, reporter)
    if found.named_fraction < 1:
        reporter.print(
            f"{1 - found.named_fraction:.0%} of the records name nobody: each counts as a person of its own, so "
            "intervals are too narrow where they show one person several times"
        )
    if found.gates:
        reporter.print()
        print_gates(found.gates, found.independence_unknown, reporter)


def print_published(rows: Sequence[PublishedRow], reporter: Reporter) -> None:
    """Prints what others published on the same data set beside the model's figures; nothing without a row."""
    if not rows:
        return
    table = Table("metric", "published", "measured", "system", "data", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        recipe = f" (recipe {row.recipe})" if row.recipe else ""
        table.add_row(row.title, row.published, row.own, escape(f"{row.system}{recipe}"), escape(row.data))
    reporter.print()
    reporter.print(table)
    reporter.print(CAPTION)


def _print_exact_ages(overall: SliceFigures, reporter: Reporter) -> None:
    """Prints which records the figures in years are of, where those are not all."""
    if overall.exact_ages is not None and overall.exact_ages < overall.records:
        reporter.print(f"figures in years: {overall.exact_ages:,} of {overall.records:,} records have an exact age")


def _metrics_table(overall: SliceFigures) -> Table:
    table = Table("metric", "figure", "95 % interval", "records", "people", box=None)
    table.pad_edge, table.header_style = False, "bold"
    for spec in metrics_of("evaluation"):
        figure = overall.figures[CANDIDATE].get(spec.name)
        if figure is None or figure.value is None:
            table.add_row(spec.title, f"not measured: {overall.why_not_measured(spec.name)}")
        else:
            table.add_row(
                spec.title,
                spec.unit.text(figure.value),
                _interval(spec, overall),
                f"{figure.records:,}",
                f"{figure.people:,}",
            )
    return table


def _changes_table(found: Evaluation, role: Comparison) -> Table:
    table = Table("metric", role, "worse by", "95 % interval", box=None, pad_edge=False, header_style="bold")
    for change in found.changes:
        if change.compared_with == role:
            spec = METRICS[change.metric]
            table.add_row(
                spec.title,
                _value(spec, found.overall.figures[role].get(spec.name)),
                spec.unit.text_of_change(change.value),
                _range(spec, change.interval) if change.interval else _NOTHING,
            )
    return table


def _groups_table(slices: Sequence[SliceFigures]) -> Table:
    metrics = [
        spec
        for spec in metrics_of("evaluation")
        if spec.group_heading and any(part.scores().get(spec.name) is not None for part in slices)
    ]
    table = Table("group", "records", "people", box=None, pad_edge=False, header_style="bold")
    for spec in metrics:
        table.add_column(spec.group_heading, justify="right")
        table.add_column("95 % interval")
        table.add_column("at equal ages", justify="right")
    for part in slices:
        cells = [cell for spec in metrics for cell in _cells(spec, part)]
        table.add_row(escape(part.name), f"{part.records:,}", f"{part.people:,}", *cells)
    return table


def _cells(spec: MetricSpec, part: SliceFigures) -> tuple[str, str, str]:
    figure, adjusted = part.figures[CANDIDATE].get(spec.name), part.adjusted.get(spec.name) if part.values else None
    return _value(spec, figure), _interval(spec, part), _value(spec, adjusted)


def _value(spec: MetricSpec, figure: Measured | None) -> str:
    return _NOTHING if figure is None or figure.value is None else spec.unit.text(figure.value)


def _interval(spec: MetricSpec, part: SliceFigures) -> str:
    figure = part.figures[CANDIDATE].get(spec.name)
    if figure is None or figure.interval is None:
        why = part.why_no_interval(spec.name)
        return f"none: {why}" if why else _NOTHING
    return _range(spec, figure.interval)


def _range(spec: MetricSpec, interval: Interval) -> str:
    return spec.unit.interval(interval.low, interval.high)
