"""The SQLite file in which ML Metadata keeps what came from what."""

import sqlite3
from contextlib import closing
from pathlib import Path

from components.errors import VisageError


def check_undamaged(database: Path) -> None:
    """Looks at a database before ML Metadata does, which would answer damage with a page of SQL.

    Raises:
        VisageError: the file is there, and is no whole SQLite database.
    """
    # An empty file is a new database.
    if not database.is_file() or not database.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        # Locked by another process, for instance: ML Metadata waits for that.
        return
    except sqlite3.DatabaseError as error:
        state = str(error)
    if state != "ok":
        raise VisageError(
            f"{database} is damaged ({state}): remove it and run again; pushed models stay, earlier runs are forgotten"
        )
