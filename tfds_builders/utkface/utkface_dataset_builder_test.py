"""UTKFace's builder on a small drawn archive."""

import shutil
import tarfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from components.errors import VisageError
from tfds_builders.utkface.utkface_dataset_builder import Builder

DUMMY = Path(__file__).parent / "dummy_data"


class UtkfaceTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own contract."""

    DATASET_CLASS = Builder
    SPLITS = {"train": 5}


def prepare(manual: Path, data: Path) -> Builder:
    Builder(data_dir=data).download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return Builder(data_dir=data)


def test_every_picture_is_yielded_or_counted(tmp_path: Path) -> None:
    reloaded = prepare(DUMMY, tmp_path)
    assert reloaded.info.metadata == {
        "rows": 7,
        "yielded": 5,
        "skipped": {"picture_empty": 1, "name_unreadable": 1},
        "name_defects": {"race_missing": 1, "dot_missing": 1, "time_digits": 1, "blank": 1},
    }


def test_pictures_are_untouched_and_names_are_read(tmp_path: Path) -> None:
    dataset = prepare(DUMMY, tmp_path).as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    faces = {face["file_name"].decode(): face for face in tfds.as_numpy(dataset)}
    for name, face in faces.items():
        assert face["image"] == (DUMMY / "UTKFace" / name).read_bytes()
    race_missing = faces["39_1_20170116174525126.jpg.chip.jpg"]
    assert race_missing["age"] == 39
    assert Builder(data_dir=tmp_path).info.features["race"].int2str(race_missing["race"]) == "unknown"
    assert race_missing["name_defect"] == b"race_missing"


def test_the_tar_gives_what_the_folder_gives(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    with tarfile.open(tmp_path / "manual" / "UTKFace.tar.gz", "w:gz") as tar:
        tar.add(DUMMY / "UTKFace", "UTKFace")
    from_tar = prepare(tmp_path / "manual", tmp_path / "data")
    assert from_tar.info.metadata["yielded"] == 5
    assert from_tar.info.splits["train"].num_examples == 5


@pytest.mark.parametrize("there", ["nothing", "an unrelated file"])
def test_a_missing_archive_is_one_line(tmp_path: Path, there: str) -> None:
    manual = tmp_path / "manual"
    if there == "an unrelated file":
        manual.mkdir()
        (manual / "notes.txt").touch()
    with pytest.raises(VisageError, match=r"^.*manual.*: download UTKFace.tar.gz .*$") as caught:
        prepare(manual, tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_a_half_downloaded_archive_leaves_nothing_prepared(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.tar.gz", tmp_path / "manual" / "UTKFace.tar.gz"
    with tarfile.open(whole, "w:gz") as tar:
        tar.add(DUMMY / "UTKFace", "UTKFace")
    half.parent.mkdir()
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(VisageError, match=r"UTKFace.tar.gz is cut off or damaged .*: download it again$"):
        prepare(half.parent, tmp_path / "data")
    assert not Builder(data_dir=tmp_path / "data").is_prepared()
    shutil.copy(whole, half)
    assert prepare(half.parent, tmp_path / "data").info.metadata["yielded"] == 5


def test_an_archive_without_pictures_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "manual" / "UTKFace").mkdir(parents=True)
    with pytest.raises(VisageError, match=r"UTKFace holds no picture .*: download"):
        prepare(tmp_path / "manual", tmp_path / "data")


if __name__ == "__main__":
    tfds.testing.test_main()
