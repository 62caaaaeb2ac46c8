"""Drawn portraits are recognized: those of a run without archives, and those of a given folder."""

from pathlib import Path

from components.face_example_gen.settings import DRAWN_FILE, DataSettings
from tfds_builders.sample_portraits.draw import TRUTH_FILE


def test_without_a_folder_portraits_are_drawn() -> None:
    assert DataSettings(sources=["utkface"]).drawn


def test_a_folder_of_drawn_portraits_keeps_its_mark(tmp_path: Path) -> None:
    assert not DataSettings(dir=str(tmp_path), sources=["utkface"]).drawn
    (tmp_path / DRAWN_FILE).touch()
    assert DataSettings(dir=str(tmp_path), sources=["utkface"]).drawn


def test_the_file_that_marks_drawn_portraits_is_the_one_that_is_written() -> None:
    assert DRAWN_FILE == TRUTH_FILE
