"""UTKFace's builder on a small drawn archive."""

import shutil
import tarfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfds_builders.utkface.utkface_dataset_builder import Builder
from visage.errors import VisageError
from visage.faces.image_io import DecodeError, decode

DUMMY = Path(__file__).parent / "dummy_data"
DEFECTIVE_NAMES = (
    "39_1_20170116174525125.jpg.chip.jpg",
    "61_1_20170109142408075.jpg.chip.jpg",
    "61_1_20170109150557335.jpg.chip.jpg",
    "55_0_0_20170116232725357jpg.chip.jpg",
    "14_0_0_2017011022340900.jpg.chip.jpg",
    "28_1_2_201701161846515488.jpg.chip.jpg",
    "38_0_1_201701162330572788.jpg.chip.jpg",
)


class UtkfaceTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own contract."""

    DATASET_CLASS = Builder
    SPLITS = {"train": 5}


def prepare(manual: Path, data: Path) -> Builder:
    Builder(data_dir=data).download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return Builder(data_dir=data)


def test_every_image_is_yielded_or_counted(tmp_path: Path) -> None:
    reloaded = prepare(DUMMY, tmp_path)
    assert reloaded.info.metadata == {
        "rows": 7,
        "yielded": 5,
        "skipped": {"picture_empty": 1, "name_unreadable": 1},
        "name_defects": {"race_missing": 1, "dot_missing": 1, "time_digits": 1, "blank": 1},
    }


def test_images_are_untouched_and_names_are_read(tmp_path: Path) -> None:
    dataset = prepare(DUMMY, tmp_path).as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    faces = {face["file_name"].decode(): face for face in tfds.as_numpy(dataset)}
    for name, face in faces.items():
        assert face["image"] == (DUMMY / "UTKFace" / name).read_bytes()
    race_missing = faces["39_1_20170116174525126.jpg.chip.jpg"]
    assert race_missing["age"] == 39
    assert Builder(data_dir=tmp_path).info.features["race"].int2str(race_missing["race"]) == "unknown"
    assert race_missing["name_defect"] == b"race_missing"


def test_the_seven_defective_names_of_the_real_archive_keep_their_remaining_labels(tmp_path: Path) -> None:
    for name in DEFECTIVE_NAMES:
        image = tmp_path / "manual/UTKFace" / name
        image.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DUMMY / "UTKFace/25_1_2_20170116174525125.jpg.chip.jpg", image)
    builder = prepare(tmp_path / "manual", tmp_path / "data")
    assert builder.info.metadata == {
        "rows": 7,
        "yielded": 7,
        "skipped": {},
        "name_defects": {"race_missing": 3, "dot_missing": 1, "time_digits": 3},
    }
    faces = tfds.as_numpy(builder.as_dataset(split="train"))
    assert sorted(int(face["age"]) for face in faces) == [14, 28, 38, 39, 55, 61, 61]


def test_a_tiny_file_of_huge_dimensions_is_copied_not_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "manual/UTKFace/25_1_2_20170116174525125.jpg.chip.jpg"
    bomb.parent.mkdir(parents=True)
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    dataset = prepare(tmp_path / "manual", tmp_path / "data").as_dataset(
        split="train", decoders={"image": tfds.decode.SkipDecoding()}
    )
    (face,) = tfds.as_numpy(dataset)
    assert face["image"] == bomb.read_bytes()
    with pytest.raises(DecodeError, match="more than 64 million pixels"):
        decode(face["image"])


def test_the_tar_gives_what_the_folder_gives(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    with tarfile.open(tmp_path / "manual" / "UTKFace.tar.gz", "w:gz") as tar:
        tar.add(DUMMY / "UTKFace", "UTKFace")
    from_tar = prepare(tmp_path / "manual", tmp_path / "data")
    assert from_tar.info.metadata["yielded"] == 5
    assert from_tar.info.splits["train"].num_examples == 5


@pytest.mark.parametrize("there", ["nothing", "an unrelated file"])
def test_a_missing_archive_is_an_error_of_one_line(tmp_path: Path, there: str) -> None:
    manual = tmp_path / "manual"
    if there == "an unrelated file":
        manual.mkdir()
        (manual / "notes.txt").touch()
    with pytest.raises(VisageError, match=r"^.*manual.*[;:] download UTKFace.tar.gz .*$") as caught:
        prepare(manual, tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_a_half_downloaded_archive_leaves_nothing_prepared(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.tar.gz", tmp_path / "manual" / "UTKFace.tar.gz"
    with tarfile.open(whole, "w:gz") as tar:
        tar.add(DUMMY / "UTKFace", "UTKFace")
    half.parent.mkdir()
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(VisageError, match=r"UTKFace.tar.gz: truncated or damaged .*; download it again$"):
        prepare(half.parent, tmp_path / "data")
    assert not Builder(data_dir=tmp_path / "data").is_prepared()
    shutil.copy(whole, half)
    assert prepare(half.parent, tmp_path / "data").info.metadata["yielded"] == 5


def test_an_archive_without_images_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "manual" / "UTKFace").mkdir(parents=True)
    with pytest.raises(VisageError, match=r"UTKFace holds no image .*: download"):
        prepare(tmp_path / "manual", tmp_path / "data")


if __name__ == "__main__":
    tfds.testing.test_main()
