"""Missing and damaged archives, and invalid labels files, are errors of one line before a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.checks.early_checks import CHECKS, CheckContext, check_early
from tests.pipeline.checks.configs import archive_config, folder_config, pack
from visage.data.datasets.labelled_folder import BOX_COLUMNS
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings


@pytest.mark.parametrize(
    ("labels", "reading", "line"),
    [
        ("image;age\na.jpg;3\n", {}, r'is not separated by ",": set data\.labelled_folders\.faces\.separator: ";"'),
        ("file,age\na.jpg,3\n", {}, r"has no column 'image'"),
        ("image,Age\na.jpg,3\n", {}, r"column 'Age' \(did you mean age\?\)"),
        ("image,age\n", {"pictures": "images"}, r"no folder images in .*; name their folder|put the images there"),
        ("image,age\n", {"labels": "table.csv"}, r"no table\.csv in "),
    ],
)
def test_an_invalid_labels_file_is_an_error_of_one_line(
    tmp_path: Path, labels: str, reading: dict[str, Any], line: str
) -> None:
    with pytest.raises(VisageError, match=line):
        check_early(folder_config(tmp_path, labels, **reading), ["archives"])


def test_a_valid_labels_file_passes(tmp_path: Path) -> None:
    (finding,) = [CHECKS["archives"](CheckContext(folder_config(tmp_path, "image;age\n", separator=";")))]
    assert finding.detail == str(tmp_path / "archives" / "faces" / "labels.csv")


def test_boxes_of_faces_need_a_detector(tmp_path: Path) -> None:
    labels = "image,age,face_x0,face_y0,face_x1,face_y1\na.jpg,3,1,1,9,9\n"
    config = folder_config(tmp_path, labels)
    check_early(config, ["archives"])
    crops = config.model_copy(update={"alignment": AlignmentSettings(detector="none")})
    with pytest.raises(VisageError, match=r"^alignment\.detector: none takes .* names faces by boxes") as error:
        check_early(crops, ["archives"])
    without = "data.labelled_folders.faces.columns: {face_x0: null, face_y0: null, face_x1: null, face_y1: null}"
    assert str(error.value).endswith(without)
    (reading,) = crops.data.labelled_folders.values()
    columns = {**reading.columns, **dict.fromkeys(BOX_COLUMNS)}
    left_out = crops.data.model_copy(
        update={"labelled_folders": {"faces": reading.model_copy(update={"columns": columns})}}
    )
    check_early(crops.model_copy(update={"data": left_out}), ["archives"])


def no_file(archives: Path) -> None:
    """The folder with the archives is empty."""


def no_tar(archives: Path) -> None:
    (archives / "UTKFace.tar.gz").write_bytes(b"<html>please log in</html>" * 1000)


def cut_off(archives: Path) -> None:
    pack(archives / "whole.tar", *(f"other/{number}" for number in range(50)))
    (archives / "UTKFace.tar").write_bytes((archives / "whole.tar").read_bytes()[:1000])


def other_folder(archives: Path) -> None:
    pack(archives / "UTKFace.tar.gz", "crops/1.jpg")


def empty_folder(archives: Path) -> None:
    (archives / "UTKFace").mkdir()


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (no_file, r"^no UTKFace\.tar\.gz, UTKFace\.tar or UTKFace/ in .*: download UTKFace"),
        (no_tar, r"/UTKFace\.tar\.gz: truncated or damaged \(.*\); download it again$"),
        (cut_off, r"/UTKFace\.tar: truncated or damaged \(.*\); download it again$"),
        (other_folder, r"/UTKFace\.tar\.gz holds no folder UTKFace/: download UTKFace"),
        (empty_folder, r"/UTKFace is empty: download UTKFace"),
    ],
)
def test_an_invalid_archive_is_an_error_of_one_line(tmp_path: Path, fault: Callable[[Path], None], line: str) -> None:
    config = archive_config(tmp_path, "utkface")
    fault(tmp_path / "archives")
    with pytest.raises(VisageError, match=line):
        check_early(config, ["archives"])


@pytest.mark.parametrize(
    "members", [("UTKFace/1.jpg",), ("./UTKFace", "./UTKFace/1.jpg"), ("__MACOSX/x", "UTKFace/1.jpg")]
)
@pytest.mark.parametrize("name", ["UTKFace.tar", "UTKFace.tar.gz"])
def test_a_valid_archive_passes(tmp_path: Path, members: tuple[str, ...], name: str) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / name, *members)
    check_early(config, ["archives"])


def test_a_compressed_archive_may_have_the_name_of_a_plain_one(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / "UTKFace.tar.gz", "UTKFace/1.jpg")
    (tmp_path / "archives" / "UTKFace.tar.gz").rename(tmp_path / "archives" / "UTKFace.tar")
    check_early(config, ["archives"])


def test_the_fold_files_of_adience_are_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "adience/faces")
    (tmp_path / "archives" / "adience").mkdir()
    with pytest.raises(
        VisageError, match=r"^no fold_0_data\.txt in .*/archives/adience or .*/archives: ask for access"
    ):
        check_early(config, ["archives"])


def test_the_table_of_an_extracted_imdb_wiki_is_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "imdb_wiki/wiki")
    folder = tmp_path / "archives" / "wiki_crop"
    (folder / "00").mkdir(parents=True)
    with pytest.raises(VisageError, match=rf"^no wiki\.mat in {folder} nor beside it: download wiki_crop\.tar"):
        check_early(config, ["archives"])
    for place in (folder.parent, folder):
        (place / "wiki.mat").touch()
        check_early(config, ["archives"])
        (place / "wiki.mat").unlink()


def test_each_span_is_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface")
    data = config.data.model_copy(update={"dir": f"{tmp_path}/spans/{{span}}"})
    config = config.model_copy(update={"data": data})
    for span in ("1", "2"):
        (tmp_path / "spans" / span).mkdir(parents=True)
        pack(tmp_path / "spans" / span / "UTKFace.tar", "UTKFace/1.jpg")
    finding = CHECKS["archives"](CheckContext(config))
    assert finding.detail == f"{tmp_path}/spans/1/UTKFace.tar, {tmp_path}/spans/2/UTKFace.tar"
    (tmp_path / "spans" / "2" / "UTKFace.tar").write_bytes(b"cut off")
    with pytest.raises(VisageError, match=r"/spans/2/UTKFace\.tar"):
        check_early(config, ["archives"], "utkface")
