"""Versions, and the newest of them, are those that TensorFlow Serving finds."""

from pathlib import Path

import pytest

from visage.saved_model.versions import VersionFolder, find_saved_model, newest_version, version_folders, version_number


def make_version(base: Path, name: str) -> Path:
    folder = base / name
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder


def test_versions_are_in_the_order_of_their_numbers_not_of_their_names(tmp_path: Path) -> None:
    for name in ("10", "9", "0011"):
        make_version(tmp_path, name)
    assert [version.number for version in version_folders(tmp_path)] == [9, 10, 11]
    assert newest_version(tmp_path) == VersionFolder(11, tmp_path / "0011")


@pytest.mark.parametrize("name", ["0", "7", "007", "1795347956", "9223372036854775807"])
def test_a_number_of_64_bits_is_a_version(tmp_path: Path, name: str) -> None:
    assert version_number(make_version(tmp_path, name)) == int(name)


@pytest.mark.parametrize(
    "name",
    ["9223372036854775808", ".11", "9.tmp", ".pushing", "v1", "1.0", "1_0", "\u0663", "\u00b2", "-1", " 1", "1\n"],
)
def test_any_other_name_is_not_a_version(tmp_path: Path, name: str) -> None:
    make_version(tmp_path, name)
    assert version_folders(tmp_path) == []
    assert newest_version(tmp_path) is None
    assert find_saved_model(tmp_path) is None


def test_the_last_in_the_alphabet_of_two_names_for_one_number_counts(tmp_path: Path) -> None:
    for name in ("07", "7", "007"):
        make_version(tmp_path, name)
    assert version_folders(tmp_path) == [VersionFolder(7, tmp_path / "7")]


def test_a_missing_folder_has_no_versions(tmp_path: Path) -> None:
    assert version_folders(tmp_path / "missing") == []
    assert newest_version(tmp_path / "missing") is None
    assert find_saved_model(tmp_path / "missing") is None


def test_a_path_means_the_model_in_it_or_that_of_its_newest_version(tmp_path: Path) -> None:
    make_version(tmp_path, "9")
    newest = make_version(tmp_path, "10")
    assert find_saved_model(tmp_path) == newest
    assert find_saved_model(newest) == newest


def test_a_version_without_its_model_is_the_newest_but_has_no_model(tmp_path: Path) -> None:
    whole = make_version(tmp_path, "1")
    (tmp_path / "2").mkdir()
    newest = newest_version(tmp_path)
    assert newest == VersionFolder(2, tmp_path / "2")
    assert not newest.has_model
    assert find_saved_model(tmp_path) == whole
