"""Locks files, so that one process at a time does what several may want done; the one place that does.

The operating system lets go of a lock when the process dies, however it dies; the empty file stays.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from visage import progress

# `is_locked` holds a lock for microseconds; real work holds it until the work ends.
_TRIES = 25
_PAUSE_SECONDS = 0.02


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Holds the lock file `path` inside the `with` block; waits while another process holds it.

    Args:
        path: the lock file; its folder is made.
        what: work that is done under the lock; a process that waits reports it.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not _take(file, fcntl.LOCK_EX):
            progress.report(f"another run goes on to {what}: wait for it", 0)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_at_once(path: Path) -> Iterator[bool]:
    """Holds the lock file `path` inside the `with` block, unless another process holds it.

    Args:
        path: the lock file; its folder is made.

    Yields:
        Whether the lock is held; that another process only calls `is_locked` does not keep it from being.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        yield _take_between_looks(file)


def is_locked(path: Path) -> bool:
    """Returns whether a process holds the lock file `path`; makes no file, and does not see other calls of itself."""
    if not path.exists():
        return False
    with path.open() as file:
        return not _take(file, fcntl.LOCK_SH)


def _take_between_looks(file: IO[str]) -> bool:
    for _ in range(_TRIES):
        if _take(file, fcntl.LOCK_EX):
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _take(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
