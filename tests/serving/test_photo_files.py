"""The photos that arguments, folders and standard input name."""

import io
import os
import re
from pathlib import Path

import pytest

from serving.photo_files import photo_files, read_names
from tests.helpers.awkward_names import NAMES
from visage.errors import VisageError
from visage.prediction.each_photo import Photo

NOTHING = io.BytesIO()


def paths_of(*paths: Path) -> list[Path]:
    return [Path(photo.path) for photo in photo_files(paths, NOTHING)]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_means_its_images(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    (folder / "below").mkdir(parents=True)
    for file in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "below/c.jpg"):
        (folder / file).touch()
    one = tmp_path / "one.tiff"
    assert paths_of(folder, one) == [folder / "a.PNG", folder / "b.jpg", one]


def test_a_folder_without_images_is_a_problem_among_the_photos(tmp_path: Path) -> None:
    empty, photo = photo_files([tmp_path, Path("a.jpg")], NOTHING)
    assert empty.problem is not None
    assert re.fullmatch(r"no image in this folder .*; name a photo or another folder", empty.problem)
    assert photo == Photo("a.jpg")


def test_a_dash_is_the_bytes_of_standard_input() -> None:
    assert photo_files([Path("-")], io.BytesIO(b"photo")) == [Photo("-", b"photo")]


@pytest.mark.parametrize("content", [b"a b.jpg\n\xff.jpg\n\n", b"a b.jpg\0\xff.jpg\0"])
def test_names_are_lines_or_end_with_zeros(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "names").write_bytes(content)
    names = [Path("a b.jpg"), Path(os.fsdecode(b"\xff.jpg"))]
    assert read_names(tmp_path / "names", NOTHING) == names
    assert read_names(Path("-"), io.BytesIO(content)) == names


def test_names_that_cannot_be_read_are_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"--files-from .*nowhere: cannot be read \(No such file"):
        read_names(tmp_path / "nowhere", NOTHING)


def test_an_unreadable_photo_stays_in_the_list(unprivileged_folder: Path) -> None:
    closed = unprivileged_folder / "closed"
    closed.mkdir(0)
    assert paths_of(closed / "a.jpg") == [closed / "a.jpg"]
