"""Checks the SQLite file of ML Metadata."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.machine.permissions import may_write
from visage.errors import VisageError

# In the folder of a pipeline.
DATABASE = "metadata.sqlite"
# A transaction of another node takes milliseconds.
PATIENCE_SECONDS = 10.0


def check_usable(database: Path, *, to_write: bool, patience: float = PATIENCE_SECONDS) -> None:
    """Checks a database before ML Metadata opens it.

    ML Metadata reports damage with a page of SQL, and retries for ten minutes while another process locks the file.
    Call this while this process has no transaction of its own: closing a file gives up all locks of the process on it.

    Args:
        database: the file; one that is missing or empty is usable.
        to_write: False if ML Metadata only reads.
        patience: seconds to wait for another process that locks the file.

    Raises:
        VisageError: the file is no intact SQLite database, cannot be written, or stays locked.
    """
    if to_write:
        _check_writable(database)
    # An empty file is a new database, and may be locked.
    if not database.is_file():
        return
    uri = f"{database.resolve().as_uri()}?mode={'rw' if to_write else 'ro'}"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE" if to_write else "BEGIN")
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if problem := _problem(str(error)):
            raise VisageError(f"{database}: {problem}") from error
        return
    except sqlite3.DatabaseError as error:
        state = str(error)
    if state != "ok":
        raise VisageError(
            f"{database} is damaged ({state}): remove it and run again; pushed models stay, the history of runs is lost"
        )


def _check_writable(database: Path) -> None:
    """Checks permissions, because SQLite silently opens a read-only file and begins transactions on it."""
    # The journal is written beside the file; a missing folder will be created.
    for path in (database, database.parent):
        if path.exists() and not may_write(path):
            raise VisageError(f"{path}: cannot be written (Permission denied); make it writable")


def locked_line(database: Path) -> str:
    """Returns the message for a database that another process keeps locked."""
    return f"{database}: {_LOCKED}"


_LOCKED = "another process has locked it; end that process (fuser shows which one it is) and run again"


def _problem(message: str) -> str | None:
    """Returns the cause and the fix for SQLite's `message`; None if ML Metadata may still succeed."""
    if "locked" in message:
        return _LOCKED
    if "unable to open" in message:
        return f"cannot be opened ({message}); make the file and its folder readable and writable"
    return None
