"""An error of a full disk is one line that names the place."""

import errno
from pathlib import Path

import pytest

from pipeline.machine.full_disk import full_disk_line
from tests.helpers.awkward_names import NAMES
from visage.errors import VisageError

FOLDER = Path("/workspace/portraits")
FIX = "cannot be written (No space left on device): free some space and run the same command again"


def os_error(number: int, *filename: str) -> OSError:
    return OSError(number, "words", *filename)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (os_error(errno.ENOSPC, "/workspace/file"), f"/workspace/file: {FIX}"),
        (os_error(errno.EDQUOT, "/workspace/file"), f"/workspace/file: {FIX}"),
        (os_error(errno.ENOSPC), f"/workspace/portraits: {FIX}"),
        (RuntimeError(f"{{/job:localhost/x}} {__file__}; No space left on device"), f"{__file__}: {FIX}"),
        (RuntimeError(f"database or disk is full query: INSERT '{__file__}'"), f"/workspace/portraits: {FIX}"),
        (RuntimeError("database or disk is full"), f"/workspace/portraits: {FIX}"),
        (
            VisageError("/w/a: cannot be written: No space left on device"),
            "/w/a: cannot be written: No space left on device",
        ),
        (os_error(errno.EACCES, "/workspace/file"), None),
        (ValueError("no space"), None),
    ],
)
def test_the_line_names_the_place(error: Exception, line: str | None) -> None:
    assert full_disk_line(error, FOLDER) == line


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "words", ["{{/job:localhost/x}} @; No", "@: No", "cannot write '@': No", "write /usr/bin: @; No"]
)
def test_a_path_with_blanks_is_named_completely(known: bool, words: str, tmp_path: Path) -> None:
    file = tmp_path / "my runs" / "x" / "events.out"
    file.parent.mkdir(parents=True)
    (tmp_path / "my").touch()
    error = RuntimeError(words.replace("@", str(file)) + " space left on device")
    assert full_disk_line(error, tmp_path / "my runs" if known else FOLDER) == f"{file}: {FIX}"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_in_the_known_folder_is_named_completely(name: str, tmp_path: Path) -> None:
    file = tmp_path / name / "x" / "events.out"
    error = RuntimeError(f"{{{{/job:localhost/x}}}} {file}; No space left on device [Op:WriteSummary]")
    assert full_disk_line(error, tmp_path / name) == f"{file}: {FIX}"


def test_the_first_failed_file_is_named() -> None:
    # The launcher records that a node has failed, which fails on the same disk.
    error = RuntimeError("database or disk is full")
    error.__context__ = VisageError("/w/a: cannot be written: No space left on device")
    assert full_disk_line(error, FOLDER) == "/w/a: cannot be written: No space left on device"


def test_without_a_folder_no_place_is_named() -> None:
    line = "the disk is full (No space left on device): free some space and run the same command again"
    assert full_disk_line(os_error(errno.ENOSPC)) == line
