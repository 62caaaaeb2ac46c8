"""The lock of a pipeline, which one run at a time holds."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from components.errors import VisageError

_FILE = "run.lock"


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
        raise VisageError(
            f"{error.filename}: cannot be written ({error.strerror}); name another folder by --set workspace=DIR"
        ) from None
    with lock:
        _lock(lock, root)
        yield


def check_not_running(root: Path) -> None:
    """Looks whether a run could start, and makes no folder for that.

    Raises:
        VisageError: another process holds the lock.
    """
    if (root / _FILE).exists():
        with (root / _FILE).open() as lock:
            _lock(lock, root)


def _lock(lock: IO[str], root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise VisageError(f"{root}: another run of this pipeline is going on; wait for it or stop it") from None
