"""IMDB-WIKI's builder on a small drawn archive."""

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from scipy.io import loadmat, savemat

from tfds_builders.imdb_wiki.imdb_wiki_dataset_builder import Builder
from visage.errors import VisageError

DUMMY = Path(__file__).parent / "dummy_data"
SKIPPED = {"picture_empty": 1, "picture_missing": 1, "duplicate_row": 1}


class ImdbWikiTest(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own contract, for both configurations."""

    DATASET_CLASS = Builder
    SPLITS = {"train": 3}


def prepare(manual: Path, data: Path, config: str = "wiki") -> Builder:
    builder = Builder(data_dir=data, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return Builder(data_dir=data, config=config)


def copy_of_dummy(folder: Path) -> Path:
    shutil.copytree(DUMMY, folder)
    return folder / "imdb_wiki"


@pytest.mark.parametrize("config", ["imdb", "wiki"])
def test_every_row_is_yielded_or_counted(tmp_path: Path, config: str) -> None:
    assert prepare(DUMMY, tmp_path, config).info.metadata == {"rows": 6, "yielded": 3, "skipped": SKIPPED}


def test_numbers_stay_raw(tmp_path: Path) -> None:
    builder = prepare(DUMMY, tmp_path)
    dataset = builder.as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    rows = {int(row["row"]): row for row in tfds.as_numpy(dataset)}
    assert [int(rows[row]["dob"]) for row in range(3)] == [720000, 721000, 722000]
    assert [int(rows[row]["photo_taken"]) for row in range(3)] == [2000, 2001, 2002]
    assert rows[0]["photo_taken"].dtype == np.int64
    assert [rows[row]["name"].decode() for row in range(3)] == ["Göran Kalo", "Alma Mika", ""]
    gender = builder.info.features["gender"]
    assert [gender.int2str(rows[row]["gender"]) for row in range(3)] == ["male", "female", "unknown"]
    assert np.isneginf(rows[1]["face_score"])
    assert np.isnan(rows[0]["second_face_score"])
    assert rows[2]["second_face_score"] == pytest.approx(2.2)
    np.testing.assert_allclose(rows[0]["face_location"], [10.5, 20.5, 110.5, 120.5])
    assert rows[0]["image"] == (DUMMY / "imdb_wiki/wiki_crop" / rows[0]["full_path"].decode()).read_bytes()


def test_the_tar_gives_what_the_folder_gives(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    with tarfile.open(tmp_path / "manual/wiki_crop.tar", "w") as tar:
        tar.add(DUMMY / "imdb_wiki/wiki_crop", "wiki_crop")
    assert prepare(tmp_path / "manual", tmp_path / "data").info.metadata["yielded"] == 3


def test_the_mat_file_may_lie_beside_the_images(tmp_path: Path) -> None:
    folder = copy_of_dummy(tmp_path / "manual")
    (folder / "wiki_crop/wiki.mat").rename(folder / "wiki.mat")
    assert prepare(tmp_path / "manual", tmp_path / "data").info.metadata["yielded"] == 3


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("path", ["../secret.jpg", "00/../../secret.jpg", "/etc/passwd"])
def test_a_path_that_points_outside_is_a_missing_image(tmp_path: Path, path: str, packed: bool) -> None:
    folder = copy_of_dummy(tmp_path / "manual")
    (folder / "secret.jpg").write_bytes(b"not for anybody")
    struct = loadmat(folder / "wiki_crop/wiki.mat")["wiki"]
    struct["full_path"][0, 0][0, 1] = np.array([path])
    savemat(folder / "wiki_crop/wiki.mat", {"wiki": struct})
    if packed:
        with tarfile.open(folder / "wiki_crop.tar", "w") as tar:
            tar.add(folder / "wiki_crop", "wiki_crop")
    metadata = prepare(tmp_path / "manual", tmp_path / "data").info.metadata
    skipped = {**SKIPPED, "picture_missing": 2, "picture_unlisted": 1}
    assert metadata == {"rows": 7, "yielded": 2, "skipped": skipped}


def test_a_missing_mat_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    (copy_of_dummy(tmp_path / "manual") / "wiki_crop/wiki.mat").unlink()
    with pytest.raises(VisageError, match=r"no wiki.mat in .*wiki_crop nor beside it: download wiki_crop.tar"):
        prepare(tmp_path / "manual", tmp_path / "data")


def test_a_mat_file_that_is_cut_off_is_an_error_of_one_line(tmp_path: Path) -> None:
    mat = copy_of_dummy(tmp_path / "manual") / "wiki_crop/wiki.mat"
    mat.write_bytes(mat.read_bytes()[:400])
    with pytest.raises(VisageError, match=r"wiki.mat: truncated or not a MATLAB 5 file .*: download wiki_crop.tar"):
        prepare(tmp_path / "manual", tmp_path / "data")


def test_a_mat_file_without_any_of_the_images_is_an_error_of_one_line(tmp_path: Path) -> None:
    folder = copy_of_dummy(tmp_path / "manual")
    for image in folder.glob("wiki_crop/*/*.jpg"):
        image.unlink()
    with pytest.raises(VisageError, match=r"has none of the 6 images that the .mat names, e.g. .*: download"):
        prepare(tmp_path / "manual", tmp_path / "data")


if __name__ == "__main__":
    tfds.testing.test_main()
