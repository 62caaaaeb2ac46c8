"""Every file of a folder is an entry, once."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfds_builders.entries import entries_of, reason_to_skip

NAMES = st.text(st.characters(exclude_characters="/\0", max_codepoint=0xFFFF), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and _is_name(name)
)


def _is_name(name: str) -> bool:
    try:
        return len(os.fsencode(name)) < 200
    except UnicodeEncodeError:
        return False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(paths=st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=8))
def test_every_file_is_an_entry_once(tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("entries")
    written: dict[str, int] = {}
    for number, parts in enumerate(paths):
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(number))
        except OSError:  # One of the names is a file, or a folder, already.
            continue
        written["/".join(parts)] = number
    entries = list(entries_of(folder))
    assert len({entry.name for entry in entries}) == len(entries)
    assert {entry.name: entry.size for entry in entries if not entry.reason} == written


def test_a_socket_is_no_file(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "a.jpg"))
        (entry,) = entries_of(tmp_path)
    assert entry.reason == "not_a_file"


def test_an_unreadable_file_is_an_entry(unprivileged_folder: Path) -> None:
    for name in ("a/1.jpg", "b/2.jpg", "c/3.jpg", "4.jpg"):
        path = unprivileged_folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (unprivileged_folder / "4.jpg").chmod(0)
    (unprivileged_folder / "b").chmod(0)
    (unprivileged_folder / "c").chmod(0o400)
    found = {entry.name: entry.reason for entry in entries_of(unprivileged_folder)}
    assert found == {
        "4.jpg": "picture_unreadable",
        "a/1.jpg": "",
        "b": "folder_unreadable",
        "c/3.jpg": "picture_unreadable",
    }
    (unprivileged_folder / "b").chmod(0o700)
    (unprivileged_folder / "c").chmod(0o700)


def test_a_missing_folder_is_an_entry(tmp_path: Path) -> None:
    (entry,) = entries_of(tmp_path / "none")
    assert (entry.name, entry.reason) == (".", "folder_unreadable")


def test_nothing_is_a_missing_image() -> None:
    assert reason_to_skip(None)[0] == "picture_missing"
