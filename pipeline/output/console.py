"""Shows progress on the screen, and redirects the frameworks' output."""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from pipeline.machine.full_disk import full_disk_line
from pipeline.machine.permissions import unwritable_workspace
from pipeline.output.log_lines import Level, json_line, lines_are_json
from pipeline.output.pace import Pace
from pipeline.output.standard_output import output_stream
from visage import progress
from visage.errors import VisageError
from visage.lossy_output import lossy_stream

# Columns of a table that is not printed to a terminal.
_WIDTH_OF_FILES = 500
LINE_EVERY_SECONDS = 15.0


@contextmanager
def framework_output_to(log: Path) -> Iterator[IO[str]]:
    """Redirects standard output and error of this process and its children to `log`.

    File descriptors are redirected, because TensorFlow, gRPC and worker processes bypass Python. Python's own streams
    discard what the log cannot take, so that a full disk makes no `print` fail.

    Yields: a text stream that still reaches the real standard output.

    Raises:
        VisageError: the log cannot be written.
        OutputError: from writes to the stream, if standard output cannot be written.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise unwritable_workspace(error.filename, error.strerror) from None
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    kept = [os.dup(1), os.dup(2)]
    with output_stream(os.dup(1), closefd=True) as reporter:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.stdout, sys.stderr = lossy_stream(1), lossy_stream(2)
        try:
            yield reporter
        finally:
            for lossy in (sys.stdout, sys.stderr):
                lossy.flush()
            sys.stdout, sys.stderr = streams
            for number, original in enumerate(kept, start=1):
                os.dup2(original, number)
                os.close(original)
            os.close(sink)


def log_traceback(error: Exception) -> None:
    """Writes the traceback to standard error, which `framework_output_to` redirects to the log."""
    traceback.print_exception(error)


def error_line(error: Exception) -> str:
    """Returns an error as one line: the message of a VisageError, the type and the first line of any other."""
    text = str(error).strip()
    if isinstance(error, VisageError):
        return text
    if full := full_disk_line(error):
        return full
    return f"{type(error).__name__}: {text.splitlines()[0][:300] if text else 'without a message'}"


@contextmanager
def loggers_on_screen(*loggers: str) -> Iterator[None]:
    """Shows the messages of these Python loggers on the real standard error, despite `framework_output_to`."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1) as reporter:
        handler = logging.StreamHandler(reporter)
        handler.setFormatter(logging.Formatter("visage: %(message)s"))
        for name in loggers:
            logging.getLogger(name).addHandler(handler)
        try:
            yield
        finally:
            for name in loggers:
                logging.getLogger(name).removeHandler(handler)


class _Count(MofNCompleteColumn):
    """Shows the units done and their total; nothing if nothing is counted."""

    def render(self, task: Task) -> Text:
        return super().render(task) if _is_counted(int(task.completed), task.total) else Text("")


def _is_counted(done: int, total: float | None) -> bool:
    return done > 0 or total is not None


def _level_of(what: RenderableType) -> Level:
    """Returns the level of a line by its colours."""
    styles = [str(span.style) for span in Text.from_markup(what).spans] if isinstance(what, str) else []
    return "warning" if any(colour in style for style in styles for colour in ("yellow", "red")) else "info"


class Reporter:
    """Shows stages and their steps: bars on a terminal, a line every 15 seconds elsewhere, nothing for `--json`.

    With `$VISAGE_LOG_FORMAT=json` each text, table and step is one JSON object a line.
    """

    def __init__(self, stream: IO[str], silent: bool = False) -> None:
        # In a file a table is as wide as its cells; rich would cut them at 80 columns.
        self._json = stream if lines_are_json() else None
        width = None if stream.isatty() and self._json is None else _WIDTH_OF_FILES
        plain: dict[str, Any] = {} if self._json is None else {"force_terminal": False, "color_system": None}
        self._silent = silent
        self._console = Console(
            file=stream, quiet=silent, highlight=False, soft_wrap=width is not None, width=width, **plain
        )

    def print(
        self, what: RenderableType = "", *, level: Level | None = None, event: str = "message", **values: Any
    ) -> None:
        """Prints text, which may have rich's markup, or a table.

        Args:
            what: to print.
            level: of the line as JSON; None: 'warning' of what has a warning's colour, else 'info'.
            event: of the line as JSON.
            values: further fields of the line as JSON.
        """
        if self._json is not None:
            self._print_json(what, level, event, values)
            return
        if not isinstance(what, Table):
            self._console.print(what)
            return
        with self._console.capture() as drawn:
            self._console.print(what)
        # rich fills each line up to the width of the table.
        for line in drawn.get().splitlines():
            self._console.out(line.rstrip())

    def print_event(self, message: str, *, level: Level = "info", event: str, **values: Any) -> None:
        """Prints a line as JSON alone, of what text shows by other lines."""
        if self._json is not None and not self._silent:
            self._json.write(json_line(message, level, event, **values) + "\n")

    def _print_json(self, what: RenderableType, level: Level | None, event: str, values: Mapping[str, Any]) -> None:
        with self._console.capture() as drawn:
            self._console.print(what)
        message = "\n".join(line.rstrip() for line in drawn.get().splitlines()).strip("\n")
        # An empty line only separates texts.
        if message:
            self.print_event(message, level=level or _level_of(what), event=event, **values)

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Shows the stage `title`, with the reports of `visage.progress.report` in it."""
        show = self._bars(title) if self._console.is_terminal else self._lines(title)
        one_at_a_time = threading.Lock()

        def listen(step: str, done: int, total: int | None, note: str) -> None:
            with one_at_a_time:
                listener(step, done, total, note)

        with show as listener, progress.listening(listen):
            yield

    @contextmanager
    def _bars(self, title: str) -> Iterator[progress.Listener]:
        columns = (
            SpinnerColumn(),
            # Steps and notes may have file names with brackets, which are no markup.
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            _Count(),
            TextColumn("{task.fields[pace]}", style="dim"),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bars:
            stage = bars.add_task(title, total=None, pace="", note="")
            shown: TaskID | None = None
            pace = Pace()

            def show(step: str, done: int, total: int | None, note: str) -> None:
                nonlocal shown
                if shown is None or pace.is_new(step, done):
                    bars.remove_task(stage if shown is None else shown)
                    shown = bars.add_task(f"  {step}", pace="", note="")
                speed = pace.update(step, done, total, time.monotonic())
                bars.update(shown, completed=done, total=total, pace=speed, note=note)

            yield show

    @contextmanager
    def _lines(self, title: str) -> Iterator[progress.Listener]:
        pace = Pace()
        last = 0.0

        def show(step: str, done: int, total: int | None, note: str) -> None:
            nonlocal last
            now = time.monotonic()
            speed = pace.update(step, done, total, now)
            if now - last < LINE_EVERY_SECONDS:
                return
            last = now
            count = f" {done:,}" if _is_counted(done, total) else ""
            of = f" of {total:,}" if total is not None else ""
            line = ", ".join(filter(None, (f"{step}{count}{of}", speed, note)))
            if self._json is None:
                self._console.print(f"  {title}: {line}", markup=False)
            else:
                self.print_event(f"{title}: {line}", event="progress", step=step, done=done, total=total)

        yield show
