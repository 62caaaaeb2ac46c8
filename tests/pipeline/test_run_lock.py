"""Looking at the lock of a pipeline keeps nobody from running it, nor from looking."""

import fcntl
from pathlib import Path

import pytest

from pipeline import run_lock
from pipeline.run_lock import alone, check_not_running
from visage.errors import VisageError


def test_a_look_does_not_see_another_and_a_run_waits_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alone(tmp_path), pytest.raises(VisageError, match="another run of this pipeline is going on"):
        check_not_running(tmp_path)
    look = (tmp_path / "run.lock").open()
    fcntl.flock(look, fcntl.LOCK_SH)
    check_not_running(tmp_path)
    monkeypatch.setattr(run_lock.time, "sleep", lambda seconds: look.close())
    with alone(tmp_path):
        assert look.closed
    check_not_running(tmp_path)
