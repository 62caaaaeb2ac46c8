"""Tells those who are configured how a run ended; prints a warning where that fails. Imports nothing heavy."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pipeline.output.log_lines import error_text

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from pipeline.notifications.notification import Notification
    from pipeline.output.run_summary import Outcome


def tell(settings: "PipelineConfig", notifications: Iterable["Notification"]) -> None:
    """Sends notifications; a failure is one line on standard error."""
    from pipeline.notifications.webhook import notify

    def warn(line: str) -> None:
        click.echo(error_text(line, "warning"), err=True)

    notify(settings.notifications, settings.root, notifications, warn)


class ToldRun:
    """A run of `visage run`, at whose end notifications are sent.

    Attributes:
        outcome: how it ended; None: it has not, so far.
    """

    def __init__(self) -> None:
        self.outcome: Outcome | None = None


@contextmanager
def told_at_its_end(settings: "PipelineConfig", run_id: str) -> Iterator[ToldRun]:
    """Tells how a run ended that happens inside the `with` block, also by an error; not if a person stopped it."""
    run = ToldRun()
    try:
        yield run
    except Exception as error:
        _tell_end(settings, run_id, run, error)
        raise
    _tell_end(settings, run_id, run)


def _tell_end(settings: "PipelineConfig", run_id: str, run: ToldRun, error: Exception | None = None) -> None:
    from pipeline.notifications.of_run import of_error, of_outcome

    # The outcome also where the screen could not be written afterwards.
    if run.outcome is not None:
        tell(settings, of_outcome(settings, run.outcome))
    elif error is not None:
        tell(settings, of_error(settings, run_id, error))
