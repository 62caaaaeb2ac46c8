"""A database that is locked during a node ends the node with one line."""

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2

from pipeline.metadata.connection import CheckedMetadata
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.store import check_usable
from tests.pipeline.locked_database import locked
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack

LINE = r"^.*/metadata\.sqlite: another process has locked it; end that process .* and run again$"


@pytest.fixture
def location(tmp_path: Path) -> StoreLocation:
    return StoreLocation(tmp_path)


def artifact_type(name: str) -> metadata_store_pb2.ArtifactType:
    return metadata_store_pb2.ArtifactType(name=name)


def test_a_store_is_opened_written_and_opened_again(location: StoreLocation) -> None:
    metadata = CheckedMetadata(location)
    for name in ("first", "second"):
        with metadata as handle:
            handle.store.put_artifact_type(artifact_type(name))
    with metadata as handle:
        assert {"first", "second"} <= {found.name for found in handle.store.get_artifact_types()}


def test_a_locked_store_is_awaited_once(location: StoreLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    def recorded(database: Path, *, to_write: bool, patience: float) -> None:
        waits.append(patience)
        check_usable(database, to_write=to_write, patience=min(patience, 0.1))

    monkeypatch.setattr("pipeline.metadata.location.check_usable", recorded)
    metadata = CheckedMetadata(location)
    with metadata as handle:
        handle.store.put_artifact_type(artifact_type("first"))
    with locked(location.database, "EXCLUSIVE"):
        for _ in range(2):
            with pytest.raises(VisageError, match=LINE), metadata:
                pass
    assert waits == [10, 10, 0]


def test_a_store_that_is_locked_while_open_is_an_error_of_one_line(
    location: StoreLocation,
) -> None:
    with (
        pytest.raises(VisageError, match=LINE),
        CheckedMetadata(location) as handle,
        locked(location.database, "IMMEDIATE"),
    ):
        handle.store.put_artifact_type(artifact_type("first"))
