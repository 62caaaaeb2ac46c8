"""One run of a pipeline at a time; whether one goes on can be asked without a trace."""

from pathlib import Path

import pytest

from pipeline.run_lock import alone, check_not_running
from visage.errors import VisageError

REFUSED = r"faces: another run of this pipeline is going on; wait for it or stop it$"


def test_a_second_run_is_refused_at_once_until_the_first_has_ended(tmp_path: Path) -> None:
    root = tmp_path / "runs" / "faces"
    with alone(root):
        with pytest.raises(VisageError, match=REFUSED), alone(root):
            pass
        with pytest.raises(VisageError, match=REFUSED):
            check_not_running(root)
    check_not_running(root)
    with alone(root):
        pass


def test_a_look_leaves_nothing(tmp_path: Path) -> None:
    check_not_running(tmp_path / "faces")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line_and_an_error_of_the_run_stays_itself(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(VisageError, match="Not a directory"),
        alone(tmp_path / "file/faces"),
    ):
        pass
    with pytest.raises(FileNotFoundError), alone(tmp_path / "faces"):
        (tmp_path / "missing").read_bytes()
