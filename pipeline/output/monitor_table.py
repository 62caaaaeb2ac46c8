"""Prints the comparison of requests with the model's test data."""

from rich.markup import escape
from rich.table import Table

from pipeline.output.console import Reporter
from visage.monitoring.compare import Compared
from visage.monitoring.counts import NumberCounts, TextCounts
from visage.monitoring.report import Report

_NOTHING = "\u2013"
_VERDICTS = {"ok": "[green]ok[/]", "drift": "[red]drift[/]"}


def print_report(report: Report, reporter: Reporter) -> None:
    """Prints what was counted, the table of distances, requests without a prediction, notes, and the verdict."""
    counts = report.collected.counts
    for line in report.identity.lines():
        reporter.print(escape(line))
    days = len(report.period.days)
    reporter.print(
        f"{counts.faces:,} faces in {counts.requests:,} requests, {report.period.first} to {report.period.last}"
        f" ({days - len(report.days_without_file)} of {days} days with statistics)"
    )
    reporter.print(f"compared with {escape(report.baseline_text)}")
    if report.compared:
        reporter.print(_table(report))
    for reason, number in report.refused.items():
        reporter.print(f"without a prediction: {escape(reason)} {number:,} ({number / counts.requests:.1%})")
    for note in report.notes:
        reporter.print(f"[yellow]{escape(note)}[/]")
    reporter.print(_verdict(report))


def drifted_features(report: Report) -> str:
    """Returns the features above their limits, each with its distance."""
    return ", ".join(map(_far, report.drifted))


def _table(report: Report) -> Table:
    table = Table("feature", "in requests", "in the baseline", "distance", "limit", "by chance", "", box=None)
    table.pad_edge, table.header_style = False, "bold"
    for one in report.compared:
        table.add_row(
            one.feature.name,
            escape(_described(one.served)),
            escape(_described(one.expected)),
            _figure(one.distance),
            _NOTHING if one.limit is None else f"{one.limit:g}",
            _figure(one.by_chance),
            _VERDICTS.get(one.verdict, f"[yellow]{one.verdict}[/]"),
        )
    return table


def _described(counts: NumberCounts | TextCounts) -> str:
    if not counts.count:
        return _NOTHING
    if isinstance(counts, NumberCounts):
        return f"median {counts.median:.3g}" if counts.median < 1000 else f"median {counts.median:,.0f}"
    value, number = max(counts.values.items(), key=lambda item: (item[1], item[0]))
    return f"{value} {number / counts.count:.0%}"


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3f}"


def _verdict(report: Report) -> str:
    if report.verdict == "drift":
        return f"[red]drift:[/] {drifted_features(report)}"
    if report.verdict == "ok":
        return "[green]no drift[/]"
    return f"[yellow]not enough requests:[/] fewer than {report.settings.min_faces:,} faces to compare"


def _far(one: Compared) -> str:
    return f"{one.feature.name} ({_figure(one.distance)}, limit {one.limit:g})"
