"""Prints one run, and what differs between two."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from pipeline.metadata.details import Difference, RunDetails
from pipeline.metadata.records import ArtifactRecord
from pipeline.metadata.resources import NodeUse
from pipeline.output.console import Reporter
from pipeline.output.runs import gate_text, local_time, metric_figure, metric_title, print_waiver
from pipeline.run_record import RunRecord

_MOST_PACKAGES = 12


def print_run(details: RunDetails, reporter: Reporter) -> None:
    """Prints one run: its nodes, metrics, data, code and environment."""
    run, record = details.run, details.record
    reporter.print(f"[bold]{escape(run.run_id)}[/]  {run.state}, started {local_time(run.started)}")
    if record and record.ended:
        ended = f"exit code {record.exit_code}" if record.exit_code is not None else "no exit code"
        reporter.print(f"ended       {ended}{': ' + escape(record.error) if record.error else ''}")
    pushed = f", version {run.version}" if run.version else f", not pushed: {escape(run.held)}" if run.held else ""
    reporter.print(f"gate        {gate_text(run, details.waiver)}{pushed}")
    print_waiver(details.waiver, reporter)
    if details.training:
        reporter.print(f"training    {details.training.id}, run {escape(details.training.execution.run_id)}")
    print_metrics(details.metrics, reporter)
    print_values("records", details.counts, reporter)
    print_values("archives", details.archives, reporter)
    print_values("code", details.code, reporter)
    if record:
        print_software(record, reporter)
    for fact in details.unknown:
        reporter.print(f"[yellow]not recorded[/]: {fact}")
    table = Table("node", "state", "took", "output", box=None, pad_edge=False)
    for name, node in run.nodes.items():
        took = "" if node.state == "cached" else f"{(node.ended - node.started).total_seconds():.1f} s"
        table.add_row(name, node.state, took, ", ".join(f"{key} {_ids(ones)}" for key, ones in node.outputs.items()))
    reporter.print()
    reporter.print(table)
    print_resources(details.resources, reporter)


def print_resources(resources: Sequence[NodeUse], reporter: Reporter) -> None:
    """Prints what the nodes of a run used; nothing if nothing is recorded."""
    if not resources:
        return
    table = Table("used by", "time", "CPU", "memory", "a child's", "outputs", "", box=None, pad_edge=False)
    for one in resources:
        use = one.use
        sizes = (use.memory_bytes, use.child_memory_bytes, use.output_bytes)
        origin = "an earlier run; from the cache" if one.cached else ""
        table.add_row(one.node, f"{use.seconds:.1f} s", f"{use.cpu_seconds:.1f} s", *map(_mebibytes, sizes), origin)
    reporter.print()
    reporter.print(table)


def _mebibytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**20:,.1f} MiB"


def print_comparison(
    one: RunDetails, other: RunDetails, found: Mapping[str, Mapping[str, Difference]], reporter: Reporter
) -> None:
    """Prints what differs between two runs.

    Args:
        one: the first run.
        other: the second run.
        found: what `differences` returned.
        reporter: for the tables.
    """
    for kind, values in found.items():
        if not values:
            reporter.print(f"[bold]{kind}[/]  equal")
            continue
        reporter.print(f"[bold]{kind}[/]")
        table = Table("", escape(one.run.run_id), escape(other.run.run_id), box=None, pad_edge=False)
        shown = list(values.items())
        for key, (left, right) in shown[: _MOST_PACKAGES if kind == "environment" else None]:
            if kind == "metrics":
                table.add_row(metric_title(key), metric_figure(key, left), metric_figure(key, right))
            else:
                table.add_row(escape(key), escape(_text(left)), escape(_text(right)))
        reporter.print(table)
        if kind == "environment" and len(shown) > _MOST_PACKAGES:
            reporter.print(f"and {len(shown) - _MOST_PACKAGES} more; --json has all")
    for run in (one, other):
        for fact in run.unknown:
            reporter.print(f"[yellow]not recorded[/] of {escape(run.run.run_id)}: {fact}")


def print_software(record: RunRecord, reporter: Reporter) -> None:
    """Prints the versions of what ran."""
    changed = " with changes" if record.git_changed else ""
    commit = f"{record.git_commit[:12]}{changed}" if record.git_commit else "unknown"
    packages = f"{len(record.packages)} packages ({record.stack or 'of no lock'})"
    reporter.print(f"software    visage {record.visage}, git {commit}, Python {record.python}, {packages}")


def print_metrics(metrics: Mapping[str, float | None], reporter: Reporter) -> None:
    """Prints the metrics of a model by their titles, with units; nothing if there are none."""
    figures = {metric_title(name): metric_figure(name, value) for name, value in metrics.items()}
    print_values("metrics", figures, reporter)


def print_values(title: str, values: Mapping[str, Any], reporter: Reporter) -> None:
    """Prints values on one line below each other's titles; nothing if there are none."""
    if values:
        reporter.print(f"{title:<11} {escape(', '.join(f'{key} {value}' for key, value in values.items()))}")


def _ids(artifacts: Sequence[ArtifactRecord]) -> str:
    return " ".join(f"{one.id}{'' if one.exists else ' (removed)'}" for one in artifacts)


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
