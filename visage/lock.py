"""Locks files, so that one process at a time does work that several need; no other module locks files.

The operating system releases a lock when the process dies, however it dies; the empty file stays.
"""

import fcntl
import os
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
def locked(path: Path, what: str, *, remove: bool = False) -> Iterator[None]:
    """Holds the lock file `path` inside the `with` block; waits while another process holds it.

    Args:
        path: the lock file; its folder is created.
        what: the work under the lock, e.g. 'prepare the data'; a process that waits reports it.
        remove: whether to remove the file at the end, because few processes ever use its name.

    Raises:
        OSError: the file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("w") as file:
            if not _take(file, fcntl.LOCK_EX):
                progress.report(f"wait for another run to {what}", 0)
                fcntl.flock(file, fcntl.LOCK_EX)
            # Another process may have removed the file since it was opened here: then its lock means nothing.
            if remove and not _has_name(file, path):
                continue
            try:
                yield
            finally:
                if remove:
                    path.unlink(missing_ok=True)
            return


@contextmanager
def locked_at_once(path: Path) -> Iterator[bool]:
    """Holds the lock file `path` inside the `with` block, unless another process holds it.

    Args:
        path: the lock file; its folder is created.

    Yields:
        Whether the lock is held. A call of `is_locked` by another process does not prevent it.

    Raises:
        OSError: the file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        yield _take_between_looks(file)


def is_locked(path: Path) -> bool:
    """Returns whether a process holds the lock file `path`; creates no file, and does not count other calls of it."""
    if not path.exists():
        return False
    with path.open() as file:
        return not _take(file, fcntl.LOCK_SH)


def _has_name(file: IO[str], path: Path) -> bool:
    """Returns whether an open file still has this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


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
