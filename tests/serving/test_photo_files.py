from pathlib import Path

import pytest

from serving.photo_files import photo_files
from tests.helpers.awkward_names import NAMES
from visage.errors import VisageError


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_means_its_images(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    (folder / "below").mkdir(parents=True)
    for file in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "below/c.jpg"):
        (folder / file).touch()
    one = tmp_path / "one.tiff"
    assert photo_files([folder, one]) == [folder / "a.PNG", folder / "b.jpg", one]


def test_a_folder_without_images_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"no image in this folder .*; name a photo or another folder"):
        photo_files([tmp_path])


def test_an_unreadable_photo_stays_in_the_list(unprivileged_folder: Path) -> None:
    closed = unprivileged_folder / "closed"
    closed.mkdir(0)
    assert photo_files([closed / "a.jpg"]) == [closed / "a.jpg"]
