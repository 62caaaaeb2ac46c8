"""Prints the first lines of a run."""

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rich.markup import escape

from pipeline.output.console import Reporter
from pipeline.output.terms import print_terms_once

if TYPE_CHECKING:
    from pipeline.checks.finding import Finding
    from pipeline.config.schema import PipelineConfig


def start_reporter(settings: "PipelineConfig", stream: IO[str], notes: "Sequence[Finding]", silent: bool) -> Reporter:
    """Returns the reporter of a run after printing its first lines; imports nothing heavy.

    Args:
        settings: of the run.
        stream: for the lines.
        notes: of the checks before the run.
        silent: whether to print nothing.
    """
    reporter = Reporter(stream, silent=silent)
    reporter.print(_header(settings))
    for note in notes:
        reporter.print(f"[yellow]note[/]  {escape(note.line())}")
    if not silent:
        print_terms_once(settings.data.sources, settings.face_example_gen_settings(), reporter)
    return reporter


def _header(settings: "PipelineConfig") -> str:
    data = settings.data
    images = data.dir or f"{data.sample_portraits.count:,} drawn sample portraits (no --data-dir)"
    return f"[bold]{settings.name}[/]  {', '.join(data.sources)} from {escape(images)}"
