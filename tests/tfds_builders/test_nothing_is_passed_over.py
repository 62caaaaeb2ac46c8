"""Every file of an archive is a row: yielded, or skipped under a reason and listed with its content."""

import os
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tensorflow_datasets as tfds

from tests.helpers.project import PROJECT
from tfds_builders.adience import adience_dataset_builder
from tfds_builders.imdb_wiki import imdb_wiki_dataset_builder
from tfds_builders.labelled_folder import labelled_folder_dataset_builder
from tfds_builders.labelled_folder.labelled_folder_dataset_builder import LabelledFolderConfig
from tfds_builders.skipped_rows import SKIPPED_ROWS, SkippedRow, read_skipped_rows
from tfds_builders.utkface import utkface_dataset_builder
from visage import progress

BUILDERS = PROJECT / "tfds_builders"
SETS: dict[str, tuple[Any, str, Any, list[str]]] = {
    # The module, the folder that is the archive, the configuration, and the tables in it, which are no rows.
    "utkface": (utkface_dataset_builder, "UTKFace", None, []),
    "adience": (adience_dataset_builder, "adience/faces", "faces", []),
    "imdb_wiki": (imdb_wiki_dataset_builder, "imdb_wiki/wiki_crop", "wiki", ["wiki.mat"]),
    "labelled_folder": (labelled_folder_dataset_builder, "team", LabelledFolderConfig(name="team"), ["labels.csv"]),
}
READ_LAST = {"utkface": ".chip.jpg", "adience": "face.9.", "imdb_wiki": "", "labelled_folder": ""}
ODD = {
    "Thumbs.db": "not_a_picture",
    "._25_0_1_20170116184028385.jpg.chip.jpg": "not_a_picture",
    "__MACOSX/._a.jpg": "not_a_picture",
    "notes about it.txt": "not_a_picture",
    os.fsdecode(b"r\xe9sum\xe9.txt"): "not_a_picture",
    "out.jpg": "picture_outside_folder",
    "nowhere.jpg": "link",
    "folder.jpg": "not_a_picture",
    "beside/other.JPG": None,
    "two\nlines.jpeg": None,
}


def with_odd_files(name: str, manual: Path) -> Path:
    """Copies a data set's images and adds the odd files to its top folder."""
    shutil.copytree(BUILDERS / name / "dummy_data", manual)
    folder = manual / SETS[name][1]
    for odd in ODD:
        path = folder / odd
        path.parent.mkdir(exist_ok=True)
        if odd == "out.jpg":
            path.symlink_to("/etc/passwd")
        elif odd == "nowhere.jpg":
            path.symlink_to("nothing")
        elif odd != "folder.jpg":
            path.write_bytes(b"something")
    return folder


def prepare(name: str, manual: Path, data: Path) -> tuple[dict[str, Any], list[SkippedRow]]:
    module, _, config, _ = SETS[name]
    builder = module.Builder(data_dir=data, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return builder.info.metadata, list(read_skipped_rows(Path(builder.data_dir) / SKIPPED_ROWS))


def files_in(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", SETS)
def test_rows_are_yielded_or_skipped_and_there_are_no_other_files(name: str, packed: bool, tmp_path: Path) -> None:
    before, _ = prepare(name, BUILDERS / name / "dummy_data", tmp_path / "before")
    folder = with_odd_files(name, tmp_path / "manual")
    added = len(ODD) - 1
    if packed:
        if name == "labelled_folder":
            pytest.skip("a labelled folder is no tar")
        with tarfile.open(folder.with_suffix(".tar"), "w") as tar:
            tar.add(folder, folder.name)
            tar.addfile(tarfile.TarInfo("README"))
            tar.addfile(tarfile.TarInfo("elsewhere/25_0_1_20170116184028385.jpg.chip.jpg"))
        added += 2
    counts, skipped = prepare(name, tmp_path / "manual", tmp_path / "after")
    assert counts["rows"] == counts["yielded"] + sum(counts["skipped"].values())
    assert counts["rows"] == before["rows"] + added
    assert counts["yielded"] == before["yielded"]
    assert Counter(row.reason for row in skipped) == counts["skipped"]
    found = {row.row: row.reason for row in skipped}
    for odd, reason in ODD.items():
        if odd != "folder.jpg":
            in_a_tar = "link" if packed and reason == "picture_outside_folder" else reason
            assert found[odd] == (in_a_tar or ("name_unreadable" if name == "utkface" else "picture_unlisted"))
    assert all(row.why for row in skipped)
    if name == "utkface" and not packed:
        assert counts["rows"] == files_in(folder)


def with_a_second_image_in_fold_0(folder: Path) -> None:
    """Adds an image, because TFDS has no splits without examples."""
    table = folder / "fold_0_data.txt"
    image = folder / "faces/30000000@N00/coarse_tilt_aligned_face.1.10000000000_abcdef0120_o.jpg"
    shutil.copy(image, image.with_name(image.name.replace("face.1.", "face.9.")))
    table.write_text(table.read_text() + table.read_text().splitlines()[1].replace("\t1\t", "\t9\t") + "\n")


@pytest.mark.parametrize("name", SETS)
def test_an_unreadable_image_is_a_skip_that_names_it(name: str, tmp_path: Path) -> None:
    shutil.copytree(BUILDERS / name / "dummy_data", tmp_path / "manual")
    if name == "adience":
        with_a_second_image_in_fold_0(tmp_path / "manual/adience")
    before, _ = prepare(name, tmp_path / "manual", tmp_path / "before")
    # Picked from what is read, and gone before it is.
    images = sorted((tmp_path / "manual" / SETS[name][1]).rglob("*.jpg"))
    # The last one, for the first is read before progress is reported.
    lost = [path for path in images if READ_LAST[name] in path.name and path.stat().st_size][-1]
    with progress.listening(lambda step, done, total, note: lost.unlink(missing_ok=True)):
        counts, skipped = prepare(name, tmp_path / "manual", tmp_path / "after")
    assert counts["yielded"] == before["yielded"] - 1
    assert counts["skipped"] == {**before["skipped"], "picture_unreadable": 1}
    (row,) = (row for row in skipped if row.reason == "picture_unreadable")
    assert row.why == "No such file or directory"
    assert lost.name.split(".")[-2] in str(row.value)


def test_images_of_every_ending_of_a_jpeg_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "manual/UTKFace"
    folder.mkdir(parents=True)
    image = BUILDERS / "utkface/dummy_data/UTKFace/25_1_2_20170116174525125.jpg.chip.jpg"
    for number, ending in enumerate((".jpg", ".JPG", ".jpeg", ".JPEG", ".png")):
        shutil.copy(image, folder / f"2{number}_1_2_20170116174525125.jpg.chip{ending}")
    counts, (row,) = prepare("utkface", tmp_path / "manual", tmp_path / "data")
    assert counts == {"rows": 5, "yielded": 4, "skipped": {"name_unreadable": 1}, "name_defects": {"ending": 3}}
    assert row.value == "24_1_2_20170116174525125.jpg.chip.png"


def test_an_unreadable_row_is_listed_with_its_content(tmp_path: Path) -> None:
    shutil.copytree(BUILDERS / "labelled_folder/dummy_data", tmp_path / "manual")
    (tmp_path / "manual/team/labels.csv").write_text("image,age\nbo.jpg,30\ncy.jpg,thirty\nada/1.jpg,3\nbo.jpg\n")
    _, skipped = prepare("labelled_folder", tmp_path / "manual", tmp_path / "data")
    in_table = [row for row in skipped if row.row.startswith("labels.csv")]
    assert [row.row for row in in_table] == ["labels.csv, row 2", "labels.csv, row 4"]
    assert in_table[0].value == {"image": "cy.jpg", "age": "thirty"}
    assert "'thirty'" in in_table[0].why
