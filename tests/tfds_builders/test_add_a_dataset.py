"""A new data set needs one entry in the table and its own files, as CONTRIBUTING describes."""

from pathlib import Path

import pytest

import tfds_builders
from components.face_example_gen.prepare import archive_digest, prepare_source, source_of
from components.face_example_gen.settings import DataSettings
from components.face_example_gen.spans import SourcePart
from pipeline.checks.archives import check_archives
from tests.tfds_builders.faces_x.spec import FACES_X
from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.datasets import DATASETS
from visage.data.prepared_rows import to_record
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings
from visage.data.tfrecords import read_at
from visage.data_validation.source_domain import with_sources
from visage.errors import VisageError
from visage.faces.encode import encode


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line in DATASETS, and the folder faces_x/ as if it were in `tfds_builders/`."""
    monkeypatch.setitem(DATASETS, FACES_X.name, FACES_X)
    monkeypatch.setattr(tfds_builders, "__path__", [*tfds_builders.__path__, str(Path(__file__).parent)])


@pytest.fixture
def data(tmp_path: Path) -> DataSettings:
    archive = tmp_path / "archives" / "FacesX"
    archive.mkdir(parents=True)
    for name, size in (("ada_36_female.jpg", 20.0), ("alan_41_male.jpg", 24.0)):
        (archive / name).write_bytes(encode(drawn_photo([((32.0, 30.0), size, 0.0)], 64, 64)))
    return DataSettings(dir=str(archive.parent), sources=["faces_x"])


def records(data: DataSettings, prepared_root: Path) -> list[FaceRecord]:
    assert data.dir is not None
    source = source_of("faces_x", prepare_source("faces_x", Path(data.dir), prepared_root))
    (file,) = source.files
    found, offset = [], 0
    with Path(file).open("rb") as stream:
        for _ in range(source.records):
            found.append(to_record("faces_x", read_at(stream, offset), CleaningSettings()))
            offset = stream.tell()
    return found


def test_its_rows_become_face_records(data: DataSettings, tmp_path: Path) -> None:
    alan, ada = sorted(records(data, tmp_path / "prepared"), key=lambda record: record.gender, reverse=True)
    assert (ada.key, ada.age, ada.gender) == ("faces_x/ada_36_female.jpg", 36.0, "female")
    assert (alan.identity, alan.source, alan.age_group) == ("faces_x/alan", "faces_x", 5)
    assert data.dir is not None
    assert ada.image == Path(data.dir, "FacesX/ada_36_female.jpg").read_bytes()


def test_a_changed_archive_misses_the_cache(data: DataSettings, tmp_path: Path) -> None:
    before = archive_digest(data, SourcePart("faces_x"), tmp_path / "data")
    assert data.dir is not None
    Path(data.dir, "FacesX/grace_37_female.jpg").write_bytes(b"jpeg")
    assert archive_digest(data, SourcePart("faces_x"), tmp_path / "data") != before


def test_a_missing_archive_is_an_error_of_one_line_that_names_its_source(data: DataSettings, tmp_path: Path) -> None:
    assert check_archives(data) == [Path(data.dir or "", "FacesX")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(VisageError, match=r"no FacesX\.tar\.gz.*: download FacesX\.tar from https://faces-x"):
        check_archives(data.model_copy(update={"dir": str(tmp_path / "empty")}))


def test_the_curated_schema_expects_its_source() -> None:
    assert 'value: "faces_x"' in with_sources("", [])
