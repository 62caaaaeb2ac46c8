from pathlib import Path

import pytest

from components.face_example_gen.beam import filesystem
from components.face_example_gen.beam.record_files import read_lines, write_lines
from tests.helpers.awkward_names import NAMES, NEIGHBOURS


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of an awkward name, beside neighbours that hold files of the same names."""
    for name in (request.param, *NEIGHBOURS):
        (tmp_path / name / "below").mkdir(parents=True)
        for file in ("one.txt", ".partial-1", "below/two.txt"):
            (tmp_path / name / file).write_text(name)
    return tmp_path / request.param


@pytest.fixture(autouse=True)
def neighbours_stay_as_they_are(folder: Path) -> object:
    """Checks after each test that every neighbour has its files."""
    yield
    for name in NEIGHBOURS:
        found = {path.read_text() for path in (folder.parent / name).rglob("*") if path.is_file()}
        assert found == {name}
        assert len(filesystem.files_in(str(folder.parent / name))) == 3


def test_files_are_listed(folder: Path) -> None:
    assert filesystem.files_in(str(folder)) == [".partial-1", "below/two.txt", "one.txt"]
    assert filesystem.matching(str(folder), "*.txt") == [f"{folder}/one.txt"]


def test_leftovers_are_removed(folder: Path) -> None:
    for leftover in filesystem.matching(str(folder), ".partial-*"):
        filesystem.remove_file(leftover)
    assert filesystem.files_in(str(folder)) == ["below/two.txt", "one.txt"]


def test_a_file_is_replaced(folder: Path) -> None:
    write_lines(str(folder), "one.txt", [b"new"])
    assert list(read_lines(f"{folder}/one.txt")) == [b"new"]


def test_a_folder_is_removed(folder: Path) -> None:
    filesystem.remove(str(folder))
    assert not folder.exists()
