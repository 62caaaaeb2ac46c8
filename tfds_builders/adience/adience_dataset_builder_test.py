"""Adience's builder on a small drawn archive."""

import shutil
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from tfds_builders.adience.adience_dataset_builder import Builder
from visage.errors import VisageError

DUMMY = Path(__file__).parent / "dummy_data"
SKIPPED = {"row_unreadable": 1, "duplicate_row": 1, "picture_missing": 1}


class AdienceTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own contract, for both configurations."""

    DATASET_CLASS = Builder
    SPLITS = {f"fold_{fold}": 1 for fold in range(5)}


def prepare(manual: Path, data: Path, config: str = "faces") -> Builder:
    builder = Builder(data_dir=data, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return Builder(data_dir=data, config=config)


def copy_of_dummy(folder: Path) -> Path:
    shutil.copytree(DUMMY, folder)
    return folder


@pytest.mark.parametrize("config", ["faces", "aligned"])
def test_every_row_is_yielded_or_counted(tmp_path: Path, config: str) -> None:
    reloaded = prepare(DUMMY, tmp_path, config)
    assert reloaded.info.metadata == {
        "rows": 8,
        "yielded": 5,
        "skipped": SKIPPED,
        "mapped_labels": {"35": 2, "(25, 23)": 1, "None": 1},
    }


def test_labels_of_the_fold_file_are_kept_beside_their_meaning(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path)
    gender = builder.info.features["gender"]
    dataset = builder.as_dataset(split="all", decoders={"image": tfds.decode.SkipDecoding()})
    faces = {int(face["fold"]): face for face in tfds.as_numpy(dataset)}
    assert [faces[fold]["age_label"] for fold in range(5)] == [b"(25, 32)", b"35", b"(25, 23)", b"None", b"(0, 2)"]
    assert [gender.int2str(faces[fold]["gender"]) for fold in range(5)] == ["female", "male", "female"] + 2 * [
        "unknown"
    ]
    assert (faces[0]["dx"], faces[0]["tilt_ang"], faces[0]["fiducial_score"]) == (300, -5, 42)
    group = builder.info.features["age_group"]
    assert [group.int2str(faces[fold]["age_group"]) for fold in range(5)] == [
        "(25, 32)",
        "(25, 32)",
        "(25, 32)",
        "unknown",
        "(0, 2)",
    ]
    assert [int(faces[fold]["age"]) for fold in range(5)] == [-1, 35, -1, -1, -1]
    image = DUMMY / "adience/faces/30000000@N00/coarse_tilt_aligned_face.1.10000000000_abcdef0120_o.jpg"
    assert faces[0]["image"] == image.read_bytes()


def test_files_directly_in_the_data_folder_are_found(tmp_path: Path) -> None:
    assert prepare(DUMMY / "adience", tmp_path).info.metadata["yielded"] == 5


def test_a_fold_without_images_has_no_split(tmp_path: Path) -> None:
    manual = copy_of_dummy(tmp_path / "manual")
    shutil.rmtree(manual / "adience/faces/30000003@N03")
    builder = prepare(manual, tmp_path / "data")
    assert sorted(builder.info.splits) == ["fold_0", "fold_1", "fold_2", "fold_4"]
    assert builder.info.metadata["skipped"]["picture_missing"] == 2


def test_a_fold_file_without_a_column_is_an_error_of_one_line(tmp_path: Path) -> None:
    fold = copy_of_dummy(tmp_path / "manual") / "adience/fold_2_data.txt"
    fold.write_text(fold.read_text().replace("age\tgender", "years\tsex"))
    with pytest.raises(VisageError, match=r"fold_2_data.txt: lacks the column\(s\) age, gender; ask for access"):
        prepare(tmp_path / "manual", tmp_path / "data")


def test_a_missing_fold_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    (copy_of_dummy(tmp_path / "manual") / "adience/fold_3_data.txt").unlink()
    with pytest.raises(VisageError, match=r"fold_3_data.txt \(No such file or directory\): ask for access"):
        prepare(tmp_path / "manual", tmp_path / "data")


def test_a_folder_under_nearly_the_data_sets_name_is_named(tmp_path: Path) -> None:
    manual = copy_of_dummy(tmp_path / "manual")
    (manual / "adience").rename(manual / "Adience")
    with pytest.raises(
        VisageError, match=r"no fold_0_data\.txt in .*: it holds Adience, did you mean that\? Rename it"
    ):
        prepare(manual, tmp_path / "data")


def test_fold_files_without_any_image_are_errors_of_one_line(tmp_path: Path) -> None:
    shutil.rmtree(copy_of_dummy(tmp_path / "manual") / "adience/faces")
    with pytest.raises(VisageError, match=r"no faces.tar.gz, faces.tar or faces/ in .*adience"):
        prepare(tmp_path / "manual", tmp_path / "data")
    (tmp_path / "manual/adience/faces").mkdir()
    with pytest.raises(VisageError, match="faces has no image of any of the 6 faces in the fold files"):
        prepare(tmp_path / "manual", tmp_path / "data")


if __name__ == "__main__":
    tfds.testing.test_main()
