"""A damaged or locked database of ML Metadata is one line, before anything is read or written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.store import check_usable
from tests.helpers.awkward_names import NAMES
from tests.pipeline.locked_database import locked
from visage.errors import VisageError


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "metadata.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE Artifact (uri TEXT)")
        connection.executemany("INSERT INTO Artifact VALUES (?)", [(f"{number:0100}",) for number in range(500)])
        connection.commit()
    return path


@pytest.mark.parametrize("to_write", [True, False])
def test_intact_empty_and_missing_databases_are_usable(database: Path, tmp_path: Path, to_write: bool) -> None:
    content = database.read_bytes()
    (tmp_path / "empty").touch()
    for path in (database, tmp_path / "empty", tmp_path / "missing"):
        check_usable(path, to_write=to_write)
    assert database.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "metadata.sqlite"]


@pytest.mark.parametrize("name", NAMES)
def test_a_database_in_a_folder_of_any_name_is_found(name: str, tmp_path: Path) -> None:
    database = tmp_path / name / "metadata.sqlite"
    database.parent.mkdir()
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(database)
    MetadataStore(connection).put_artifact_type(metadata_store_pb2.ArtifactType(name="Model"))
    check_usable(database, to_write=True)
    store = PipelineMetadata(database.parent).store
    assert store is not None
    assert store.get_artifact_type("Model").name == "Model"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("mode", "to_write"), [("EXCLUSIVE", True), ("EXCLUSIVE", False), ("IMMEDIATE", True)])
def test_a_locked_database_is_an_error_of_one_line(database: Path, mode: str, to_write: bool) -> None:
    with locked(database, mode), pytest.raises(VisageError) as caught:
        check_usable(database, to_write=to_write, patience=0.1)
    fix = "another process has locked it; end that process (fuser shows which one it is) and run again"
    assert str(caught.value) == f"{database}: {fix}"
    check_usable(database, to_write=to_write)


def test_an_empty_locked_database_is_an_error_of_one_line(tmp_path: Path) -> None:
    (database := tmp_path / "metadata.sqlite").touch()
    with locked(database, "EXCLUSIVE"), pytest.raises(VisageError, match=r"^.*: another process has locked it; "):
        check_usable(database, to_write=True, patience=0.1)


def test_a_database_that_another_process_writes_to_is_readable(database: Path) -> None:
    with locked(database, "IMMEDIATE"):
        check_usable(database, to_write=False, patience=0.1)


@pytest.mark.parametrize("name", ["metadata.sqlite", "."])
def test_a_read_only_database_is_an_error_of_one_line(name: str, unprivileged_folder: Path) -> None:
    database = unprivileged_folder / "metadata.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE Artifact (uri TEXT)")
    refused = unprivileged_folder / name
    mode = refused.stat().st_mode
    refused.chmod(0o500)
    check_usable(database, to_write=False)
    with pytest.raises(VisageError, match=rf"^{refused}: cannot be written \(Permission denied\); make it writable$"):
        check_usable(database, to_write=True)
    refused.chmod(mode)


def test_an_unreadable_database_is_an_error_of_one_line(unprivileged_folder: Path) -> None:
    database = unprivileged_folder / "metadata.sqlite"
    database.write_bytes(b"x")
    database.chmod(0)
    with pytest.raises(VisageError, match=rf"^{database}: cannot be opened \(.*\); make the file and its folder reada"):
        check_usable(database, to_write=False)


@pytest.mark.parametrize("to_write", [True, False])
@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_damage_is_an_error_of_one_line_with_the_fix(database: Path, content: bytes | None, to_write: bool) -> None:
    database.write_bytes(content or database.read_bytes()[: database.stat().st_size // 2])
    with pytest.raises(VisageError, match=r"^.*/metadata\.sqlite is damaged \(.*\): remove it and run again; [^\n]*$"):
        check_usable(database, to_write=to_write)
