"""Where a pipeline's metadata are, for commands that know its configuration and for those that know its folder."""

from pathlib import Path

import pytest

from pipeline.config.metadata import MetadataSettings
from pipeline.metadata.address import URL_VARIABLE
from pipeline.metadata.location import MARKER, StoreLocation, pipeline_above, pipelines_of
from visage.errors import VisageError

SERVER = MetadataSettings(store="mysql", url_file="/run/secrets/metadata")


def on_server(root: Path) -> StoreLocation:
    location = StoreLocation(root, SERVER)
    location.prepare()
    return location


def with_file(root: Path) -> StoreLocation:
    root.mkdir(parents=True)
    (root / "metadata.sqlite").write_bytes(b"records")
    return StoreLocation(root)


def test_a_folder_leads_to_the_server_of_its_newest_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = on_server(tmp_path / "faces")
    monkeypatch.setenv(URL_VARIABLE, "mysql://u:hunter2@h/d")
    location.prepare()
    assert StoreLocation.found(tmp_path / "faces") == location
    assert "hunter2" not in (tmp_path / "faces" / MARKER).read_text()
    assert location.name == "mysql://u@h:3306/d"
    monkeypatch.delenv(URL_VARIABLE)
    assert location.name == "the mysql server of metadata.store"


def test_the_pipelines_of_a_workspace_are_found_on_files_and_servers(tmp_path: Path) -> None:
    expected = [with_file(tmp_path / "a"), on_server(tmp_path / "b")]
    (tmp_path / "data").mkdir()
    assert list(pipelines_of(tmp_path)) == expected
    assert pipeline_above(tmp_path / "a" / "serving" / "1") == expected[0]
    assert pipeline_above(tmp_path / "b" / "serving" / "1") == expected[1]
    assert pipeline_above(tmp_path / "data" / "x") is None


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"store": "ora')
    with pytest.raises(VisageError, match=rf"^{tmp_path / MARKER}: damaged; "):
        StoreLocation.found(tmp_path)


def test_a_pipeline_stays_on_its_store(tmp_path: Path) -> None:
    """Both would give the same numbers to the folders of their outputs."""
    with_file(tmp_path / "a")
    with pytest.raises(
        VisageError, match=r"earlier runs are recorded elsewhere \(.*/a/metadata.sqlite\); name the pipe"
    ):
        on_server(tmp_path / "a")
    on_server(tmp_path / "b")
    for other in (MetadataSettings(), MetadataSettings(store="postgresql")):
        with pytest.raises(VisageError, match=rf"elsewhere \(.*/b/{MARKER}\); name the pipeline otherwise"):
            StoreLocation(tmp_path / "b", other).prepare()
