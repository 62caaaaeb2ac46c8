"""The lock of a pipeline, which one run at a time holds."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.checks.permissions import unwritable_workspace
from visage.errors import VisageError

_FILE = "run.lock"
# A look holds the lock for microseconds; a run, for as long as it goes on.
_TRIES = 25
_PAUSE_SECONDS = 0.02


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Holds the pipeline's lock; the operating system lets go of it when the process dies, however it dies.

    Args:
        root: folder of the pipeline.

    Raises:
        VisageError: another process holds it, or the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / _FILE).open("w")
    except OSError as error:
        raise unwritable_workspace(error.filename, error.strerror) from None
    with lock:
        if not _take_patiently(lock):
            raise _running(root)
        yield


def check_not_running(root: Path) -> None:
    """Looks whether a run could start, and makes no folder for that; such looks do not see each other.

    Raises:
        VisageError: another process holds the lock.
    """
    if (root / _FILE).exists():
        with (root / _FILE).open() as lock:
            if not _take(lock, fcntl.LOCK_SH):
                raise _running(root)


def _take_patiently(lock: IO[str]) -> bool:
    """Takes the lock of a run, past those that only look at it."""
    for _ in range(_TRIES):
        if _take(lock, fcntl.LOCK_EX):
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _take(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _running(root: Path) -> VisageError:
    return VisageError(f"{root}: another run of this pipeline is going on; wait for it or stop it")
