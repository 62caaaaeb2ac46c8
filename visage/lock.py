"""One process at a time does what several may want done."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visage import progress


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Holds the lock file `path` inside the `with` block; waits while another process holds it.

    The operating system lets go of the lock when the process dies, however it dies; the empty file stays.

    Args:
        path: the lock file; its folder is made.
        what: is being done under the lock, for whoever has to wait.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.report(f"another run goes on to {what}: wait for it", 0)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
