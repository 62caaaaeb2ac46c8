"""Prints the runs of a pipeline, what is held, and what was pruned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from pipeline.metadata.lineage import PushedVersion, version_of
from pipeline.metadata.prune import PrunePlan
from pipeline.metadata.records import Run
from pipeline.metadata.run_waiver import RunWaiver
from pipeline.output.console import Reporter
from pipeline.output.pace import minutes
from visage.evaluation.metrics import METRICS
from visage.saved_model.pushing.holds import Hold

# Shown of every run; `show` and `compare` have all.
MAIN_METRICS = ("age_mae", "gender_accuracy")


def print_runs(
    runs: Sequence[Run],
    metrics: Mapping[str, Mapping[str, float | None]],
    versions: Sequence[PushedVersion],
    waivers: Mapping[str, RunWaiver | None],
    reporter: Reporter,
) -> None:
    """Prints a table with a row for each run; nothing if there is none.

    Args:
        runs: the newest last.
        metrics: by run id.
        versions: that were pushed.
        waivers: of the runs' models, by run id.
        reporter: for the table.
    """
    if not runs:
        return
    headings = [METRICS[name].short for name in MAIN_METRICS]
    columns: list[Column | str] = [*whole_columns("run"), "started", "took", "state", "gate", *whole_columns("version")]
    table = Table(*columns, *headings, box=None, pad_edge=False)
    for run in runs:
        values = metrics.get(run.run_id, {})
        table.add_row(
            escape(run.run_id),
            local_time(run.started),
            minutes((run.ended - run.started).total_seconds()),
            run.state,
            gate_text(run, waivers.get(run.run_id)),
            _version_text(run, versions),
            *(metric_text(name, values.get(name)) for name in MAIN_METRICS),
        )
    reporter.print(table)


def _version_text(run: Run, versions: Sequence[PushedVersion]) -> str:
    """Returns the version that has the run's model, with its place now; '-' if no gate let it through."""
    version = version_of(run, versions)
    if version is not None:
        return f"{version.number} {version.place}"
    return run.version or ("not pushed (hold)" if run.held else "-")


def gate_text(run: Run, waiver: RunWaiver | None) -> str:
    """Returns whether a run's model is blessed, and who waived it, as markup of rich."""
    if waiver is not None and waiver.used:
        return f"waived by {escape(waiver.waiver.by)}"
    text = {True: "blessed", False: "not blessed", None: "not evaluated"}[run.blessed]
    return f"{text}, waiver of {escape(waiver.waiver.by)}" if waiver else text


def print_waiver(found: RunWaiver | None, reporter: Reporter) -> None:
    """Prints who waived a model, why, until when and for which limits; nothing without a waiver."""
    if found is None:
        return
    waiver = found.waiver
    reason = escape(waiver.reason)
    reporter.print(f"waiver      by {escape(waiver.by)} on {waiver.made}, until {waiver.until}: {reason}")
    every = "every limit (an earlier version recorded no limits)"
    reporter.print(f"covers      {every if waiver.limits is None else escape(', '.join(map(str, waiver.limits)))}")
    if found.shortfall:
        reporter.print(f"[yellow]too little[/]  {escape(found.shortfall)}")


def runs_json(
    runs: Sequence[Run],
    metrics: Mapping[str, Mapping[str, float | None]],
    versions: Sequence[PushedVersion],
    waivers: Mapping[str, RunWaiver | None],
) -> dict[str, Any]:
    """Returns what `print_runs` prints as JSON, with every metric."""
    return {
        "runs": [
            {
                "run_id": run.run_id,
                "started": run.started.isoformat(),
                "seconds": round((run.ended - run.started).total_seconds(), 2),
                "state": run.state,
                "blessed": run.blessed,
                "waiver": waiver.to_json() if (waiver := waivers[run.run_id]) else None,
                "version": run.version,
                "held": run.held,
                "metrics": dict(metrics[run.run_id]),
            }
            for run in runs
        ],
        "versions": [
            {"number": one.number, "run_id": one.run_id, "place": one.place, "folder": one.folder and str(one.folder)}
            for one in versions
        ],
    }


def print_hold(hold: Hold, reporter: Reporter) -> None:
    """Prints what is held, and how to release it; nothing if nothing is."""
    if hold.pushing:
        reporter.print(f"[yellow]pushing is held[/] {escape(str(hold.pushing))}")
    if hold.rollback:
        held = ", ".join(map(str, hold.rollback.versions)) or "none"
        reporter.print(f"[yellow]rolled back[/] {escape(str(hold.rollback.decision))}; held back: {held}")
    if hold != Hold():
        reporter.print("release with: visage runs release")


def print_prune(plan: PrunePlan, dry_run: bool, reporter: Reporter) -> None:
    """Prints what was removed, or would be."""
    if plan.removals:
        table = Table("size", "what", "folder", box=None, pad_edge=False)
        for removal in plan.removals:
            table.add_row(size_text(removal.bytes), removal.what, escape(str(removal.path)))
        reporter.print(table)
    for root in plan.moved_from:
        reporter.print(
            f"[yellow]not removed[/]: artifacts in {escape(str(root))}, from which this workspace was copied or moved; "
            "remove its old runs there"
        )
    kept = ", ".join(f"{escape(run_id)} ({', '.join(reasons)})" for run_id, reasons in plan.kept.items())
    reporter.print(f"kept: {kept or 'no runs'}")
    verb = "would remove" if dry_run else "removed"
    reporter.print(f"{verb} {len(plan.removals)} folders, {size_text(plan.bytes)}")


def whole_columns(*headings: str) -> list[Column]:
    """Returns columns of names that are copied from the screen: a narrow terminal does not shorten them."""
    return [Column(heading, no_wrap=True) for heading in headings]


def metric_title(name: str) -> str:
    """Returns what a metric is called, e.g. 'Gender accuracy'."""
    return METRICS[name].title if name in METRICS else name


def metric_figure(name: str, value: float | None) -> str:
    """Returns a metric with its unit, e.g. '4.50 years', or '-'."""
    return METRICS[name].unit.text(value) if name in METRICS and value is not None else metric_text(name, value)


def metric_text(name: str, value: Any) -> str:
    """Returns a metric for a narrow column, or '-'."""
    if value is None:
        return "-"
    return METRICS[name].unit.cell(value) if name in METRICS else f"{value:,g}"


def size_text(count: int) -> str:
    """Returns a number of bytes for people.

    >>> size_text(1_234_000)
    '1.2 MB'
    """
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def local_time(time: datetime) -> str:
    """Returns a time in the time zone of this machine."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
