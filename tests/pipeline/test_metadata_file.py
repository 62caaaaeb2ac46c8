"""A damaged database of ML Metadata is said in one line, before anything is read from it or written to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from components.errors import VisageError
from pipeline.metadata_file import check_undamaged


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "metadata.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE Artifact (uri TEXT)")
        connection.executemany("INSERT INTO Artifact VALUES (?)", [(f"{number:0100}",) for number in range(500)])
        connection.commit()
    return path


def test_a_whole_one_an_empty_one_and_a_missing_one_are_fine(database: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (database, tmp_path / "empty", tmp_path / "missing"):
        check_undamaged(path)


def test_one_that_somebody_writes_to_is_fine(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        check_undamaged(database)


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_damage_is_one_line_with_the_mend(database: Path, content: bytes | None) -> None:
    database.write_bytes(content or database.read_bytes()[: database.stat().st_size // 2])
    with pytest.raises(VisageError, match=r"^.*/metadata\.sqlite is damaged \(.*\): remove it and run again; [^\n]*$"):
        check_undamaged(database)
