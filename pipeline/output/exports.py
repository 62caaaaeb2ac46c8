"""Prints the exports of a run."""

from collections.abc import Sequence

from rich.markup import escape

from pipeline.output.console import Reporter
from pipeline.results import ExportResult


def print_failed_exports(exports: Sequence[ExportResult], reporter: Reporter) -> None:
    """Prints a line for each export that failed, with the reason."""
    for export in exports:
        if export.error is not None:
            reporter.print(f"[yellow]exports.{export.name}: not exported: {escape(export.error)}[/]")


def print_exports(exports: Sequence[ExportResult], reporter: Reporter) -> None:
    """Prints how many exports succeeded, and a line for each with its place; nothing if none is configured."""
    if not exports:
        return
    failed = sum(export.error is not None for export in exports)
    done = f"{len(exports) - failed} of {len(exports)} done"
    reporter.print(f"exports     {f'[yellow]{done}, {failed} failed[/]' if failed else done}")
    for export in exports:
        if export.place is not None:
            reporter.print(f"  {export.name:<12}{escape(export.place)}")
