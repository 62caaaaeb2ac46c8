"""The locks of a pipeline: one run of it at a time, and one process at a time for a node of a run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.machine.permissions import unwritable_workspace
from pipeline.run_record import file_name
from visage.errors import VisageError
from visage.lock import is_locked, locked_at_once

# Folder of a pipeline for the locks of the nodes that run.
LOCKS = "locks"
_FILE = "run.lock"


def node_lock(root: Path, run_id: str, node: str) -> Path:
    """Returns the lock file that a process holds while it runs a node of a run.

    Args:
        root: folder of the pipeline.
        run_id: of the run.
        node: its name.
    """
    return root / LOCKS / f"{file_name(run_id)}.{node}.lock"


@contextmanager
def hold_run_lock(root: Path) -> Iterator[None]:
    """Holds the pipeline's lock inside the `with` block.

    Args:
        root: folder of the pipeline.

    Raises:
        VisageError: another process holds it, or the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            is_held = stack.enter_context(locked_at_once(root / _FILE))
        except OSError as error:
            raise unwritable_workspace(error.filename, error.strerror) from None
        if not is_held:
            raise _running(root)
        yield


def check_not_running(root: Path) -> None:
    """Checks that no run holds the lock; creates no folder.

    Raises:
        VisageError: another process holds the lock.
    """
    if is_locked(root / _FILE):
        raise _running(root)


def _running(root: Path) -> VisageError:
    return VisageError(f"{root}: another run of this pipeline is active; wait for it or stop it")
