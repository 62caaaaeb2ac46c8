"""What a person sees while work goes on, and where the frameworks' own words go meanwhile."""

import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from components import progress
from components.errors import VisageError

LINE_EVERY_SECONDS = 15.0


@contextmanager
def framework_output_to(log: Path) -> Iterator[IO[str]]:
    """Sends all that this process and its children write to standard output and error into `log`.

    File descriptors are redirected, not Python's streams: TensorFlow, gRPC and worker processes write past Python.

    Yields: a text stream that still reaches the real standard output.

    Raises:
        VisageError: the log cannot be written.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise VisageError(
            f"{error.filename}: cannot be written ({error.strerror}); name another folder by --set workspace=DIR"
        ) from None
    _flush()
    kept = [os.dup(1), os.dup(2)]
    with os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace", buffering=1) as screen:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        try:
            yield screen
        finally:
            _flush()
            for number, original in enumerate(kept, start=1):
                os.dup2(original, number)
                os.close(original)
            os.close(sink)


def log_traceback(error: Exception) -> None:
    """Writes the traceback to standard error, which `framework_output_to` has led into the log."""
    # The disk that is full may be the log's.
    with suppress(OSError):
        traceback.print_exception(error)


# The operating system's words, and SQLite's.
_DISK_FULL = ("No space left on device", "disk is full")


def first_words(error: Exception) -> str:
    """An error in one line: the message of a VisageError, the type and the first line of any other."""
    text = str(error).strip()
    if isinstance(error, VisageError):
        return text
    if any(words in text for words in _DISK_FULL):
        return "the disk is full (No space left on device): free some space and run the same command again"
    return f"{type(error).__name__}: {text.splitlines()[0][:300] if text else 'without a message'}"


@contextmanager
def messages_of(*loggers: str) -> Iterator[None]:
    """Shows what these Python loggers say on the real standard error, wherever `framework_output_to` leads it."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1) as screen:
        handler = logging.StreamHandler(screen)
        handler.setFormatter(logging.Formatter("visage: %(message)s"))
        for name in loggers:
            logging.getLogger(name).addHandler(handler)
        try:
            yield
        finally:
            for name in loggers:
                logging.getLogger(name).removeHandler(handler)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # On a full disk the log may lose lines; the command must not fail for that.
        with suppress(OSError):
            stream.flush()


class _Count(MofNCompleteColumn):
    """Units done, and of how many; nothing where nothing is counted."""

    def render(self, task: Task) -> Text:
        return super().render(task) if _is_counted(int(task.completed), task.total) else Text("")


def _is_counted(done: int, total: float | None) -> bool:
    return done > 0 or total is not None


class _Rate(ProgressColumn):
    """Units a second and the time left."""

    def render(self, task: Task) -> Text:
        if task.total is None or not task.speed:
            return Text("")
        left = (task.total - task.completed) / task.speed
        return Text(f"{rate(task.speed)}  {minutes(left)} left", style="dim")


def rate(speed: float) -> str:
    """'85/s' of 85 units a second; slow ones by the minute or the hour: '12/min' of 0.2."""
    for unit, seconds in (("s", 1), ("min", 60)):
        if speed * seconds >= 1:
            return f"{speed * seconds:,.0f}/{unit}"
    return f"{speed * 3600:,.1f}/h"


def minutes(seconds: float) -> str:
    """'12:05' of 725 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Screen:
    """Draws stages and their steps: bars on a terminal, a line now and then elsewhere, nothing for `--json`."""

    def __init__(self, stream: IO[str], silent: bool = False) -> None:
        self._console = Console(file=stream, quiet=silent, highlight=False, soft_wrap=not stream.isatty())

    def print(self, what: RenderableType = "") -> None:
        """Prints text, rich's markup allowed, or a table."""
        if not isinstance(what, Table):
            self._console.print(what)
            return
        with self._console.capture() as drawn:
            self._console.print(what)
        # rich fills each line up to the width of the table.
        for line in drawn.get().splitlines():
            self._console.out(line.rstrip())

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Shows that `title` goes on, with whatever `components.progress.report` says meanwhile."""
        show = self._bars(title) if self._console.is_terminal else self._lines(title)
        with show as listener, progress.listening(listener):
            yield

    @contextmanager
    def _bars(self, title: str) -> Iterator[progress.Listener]:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Count(),
            _Rate(),
            TextColumn("{task.fields[note]}", style="dim"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bars:
            current = bars.add_task(title, total=None, note="")
            steps: dict[str, TaskID] = {}

            def show(step: str, done: int, total: int | None, note: str) -> None:
                if step not in steps:
                    for previous in steps.values():
                        bars.remove_task(previous)
                    steps.clear()
                    # Work that goes on where an earlier run left it has not done that part at this speed.
                    steps[step] = bars.add_task(f"  {step}", total=total, completed=done, note=note)
                bars.update(steps[step], completed=done, total=total, note=note)
                bars.update(current, visible=False)

            yield show

    @contextmanager
    def _lines(self, title: str) -> Iterator[progress.Listener]:
        at_start: dict[str, int] = {}
        first: dict[str, tuple[float, int]] = {}
        last = 0.0

        def show(step: str, done: int, total: int | None, note: str) -> None:
            nonlocal last
            now = time.monotonic()
            # Timed from the first unit on: before it, much is prepared once, and what an earlier run has done is done.
            if done > at_start.setdefault(step, done):
                first.setdefault(step, (now, done))
            begun, at_first = first.get(step, (now, done))
            if now - last < LINE_EVERY_SECONDS:
                return
            last = now
            count = f" {done:,}" if _is_counted(done, total) else ""
            of = f" of {total:,}" if total is not None else ""
            speed = (done - at_first) / (now - begun) if now - begun > 1 else 0
            pace = f", {rate(speed)}" if speed else ""
            left = f", {minutes((total - done) / speed)} left" if speed and total is not None else ""
            self.print(f"  {title}: {step}{count}{of}{pace}{left}{', ' + note if note else ''}")

        yield show
