"""One run of a pipeline at a time; the check for it creates no file."""

from pathlib import Path

import pytest

from pipeline.run_lock import check_not_running, hold_run_lock
from visage.errors import VisageError

REFUSED = r"faces: another run of this pipeline is active; wait for it or stop it$"


def test_a_second_run_fails_at_once_until_the_first_has_ended(tmp_path: Path) -> None:
    root = tmp_path / "runs" / "faces"
    with hold_run_lock(root):
        with pytest.raises(VisageError, match=REFUSED), hold_run_lock(root):
            pass
        with pytest.raises(VisageError, match=REFUSED):
            check_not_running(root)
    check_not_running(root)
    with hold_run_lock(root):
        pass


def test_a_check_creates_no_file(tmp_path: Path) -> None:
    check_not_running(tmp_path / "faces")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_created_is_an_error_of_one_line_and_errors_of_the_run_are_unchanged(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(VisageError, match="Not a directory"),
        hold_run_lock(tmp_path / "file/faces"),
    ):
        pass
    with pytest.raises(FileNotFoundError), hold_run_lock(tmp_path / "faces"):
        (tmp_path / "missing").read_bytes()
