"""Provides output streams that drop what cannot be written, for logs on a disk that may be full."""

import io
import sys
from typing import TextIO


class _LossyFile(io.FileIO):
    """A file whose `write` never fails."""

    def write(self, data: object) -> int:
        """Writes bytes; drops them where the disk is full or the reader is gone."""
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        try:
            # None: a pipe that does not block is full.
            return super().write(data) or size  # type: ignore[arg-type]
        except OSError:
            return size


def lossy_stream(number: int) -> TextIO:
    """Returns a text stream to a file descriptor, which stays open when the stream is closed.

    Frameworks print while they handle an error. If the print itself raises, the error is lost: a worker of Beam
    whose standard error is a file on a full disk never reports its failed bundle, and the run waits for it for ever.
    """
    raw = io.BufferedWriter(_LossyFile(number, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def make_standard_streams_lossy() -> None:
    """Replaces standard output and standard error by streams that never raise an error."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    sys.stdout, sys.stderr = lossy_stream(1), lossy_stream(2)
