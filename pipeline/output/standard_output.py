"""Ends a command whose standard output cannot be written: one line and exit code 1; 141 for a closed pipe."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from pipeline.exit_codes import FAILED, PIPE_CLOSED
from pipeline.output.log_lines import error_text
from visage.lossy_output import lossy_stream


class OutputError(Exception):
    """Standard output cannot be written. Not an OSError, so that no code takes it for the error of a file."""

    def __init__(self, cause: OSError) -> None:
        text = f"standard output cannot be written: {cause.strerror}; write it to another place"
        super().__init__(text)
        # In the format of the command, which has ended where the line is printed.
        self.line = error_text(text)
        self.pipe_closed = cause.errno == errno.EPIPE


class _OutputFile(io.FileIO):
    """A file whose `write` raises OutputError."""

    def write(self, data: Any) -> int:
        """Writes bytes.

        Raises:
            OutputError: they cannot be written.
        """
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error) from error


def output_stream(number: int, *, closefd: bool) -> TextIO:
    """Returns a text stream to a file descriptor that leads to standard output; its writes raise OutputError."""
    raw = io.BufferedWriter(_OutputFile(number, "w", closefd=closefd))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", line_buffering=True)


@contextmanager
def checked_output() -> Iterator[None]:
    """Ends the process in order if standard output cannot be written inside the `with` block or at its end.

    If standard error cannot be written, its output is lost, because nothing can be reported.

    Raises:
        SystemExit: standard output cannot be written.
    """
    sys.stdout, sys.stderr = output_stream(1, closefd=False), lossy_stream(2)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OutputError as error:
        _discard_output()
        if error.pipe_closed:
            raise SystemExit(PIPE_CLOSED) from error
        print(error.line, file=sys.stderr)
        raise SystemExit(FAILED) from error


def open_missing_descriptors() -> None:
    """Opens the null device for closed standard streams; otherwise the next file would get a stream's number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _discard_output() -> None:
    """Redirects standard output to the null device, so that the interpreter's last flush succeeds."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
