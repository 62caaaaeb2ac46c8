"""FaceExampleGen's interface, and the driver whose property makes new data miss the cache."""

from pathlib import Path

import pytest
from tfx.orchestration.portable.data_types import ExecutionInfo

from components.face_example_gen.component import FaceExampleGen
from components.face_example_gen.driver import Driver
from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from visage.errors import VisageError


def settings_for(folder: Path) -> FaceExampleGenSettings:
    return FaceExampleGenSettings(data=DataSettings(dir=str(folder), sources=["utkface"]), data_root=str(folder.parent))


def archive_digest(folder: Path) -> str:
    """Returns the digest that the driver adds to the execution's properties."""
    info = ExecutionInfo(exec_properties={"settings": settings_for(folder).model_dump_json()})
    output = Driver(metadata=None).run(info)
    return output.exec_properties["archive_digests"].string_value


def test_its_settings_are_passed_to_the_executor_unchanged(tmp_path: Path) -> None:
    component = FaceExampleGen(settings_for(tmp_path))
    assert component.id == "FaceExampleGen"
    assert set(component.outputs) == {"examples", "cleaning_report"}
    assert component.outputs["cleaning_report"].type.TYPE_NAME == "components.CleaningReport"
    travelled = FaceExampleGenSettings.model_validate_json(component.exec_properties["settings"])
    assert travelled == settings_for(tmp_path)


def test_the_cache_hits_until_an_archive_changes(tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    (archives / "UTKFace.tar.gz").write_bytes(b"first")
    before = archive_digest(archives)
    assert archive_digest(archives) == before

    (archives / "UTKFace.tar.gz").write_bytes(b"second, and longer")
    assert archive_digest(archives) != before


def test_a_missing_folder_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=rf"^data\.dir: {tmp_path}/none does not exist; "):
        archive_digest(tmp_path / "none")
