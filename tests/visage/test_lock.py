"""A lock has one holder, a process that waits reports the work, and a killed process holds nothing."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from visage import lock, progress
from visage.lock import is_locked, locked, locked_at_once


def test_the_second_waits_for_the_first_and_reports_the_work(tmp_path: Path) -> None:
    path = tmp_path / "made" / "work.lock"
    done: list[str] = []
    reported = threading.Event()

    def second() -> None:
        with locked(path, "work"):
            done.append("second")

    def listen(step: str, *_: object) -> None:
        assert step == "wait for another run to work"
        reported.set()

    with progress.listening(listen):
        with locked(path, "work"):
            waiting = threading.Thread(target=second)
            waiting.start()
            assert reported.wait(10)
            done.append("first")
        waiting.join(10)
    assert done == ["first", "second"]


def test_a_lock_file_that_is_removed_at_the_end_still_has_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "once.lock"
    holders, most = 0, 0
    counting = threading.Lock()

    def work() -> None:
        nonlocal holders, most
        for _ in range(50):
            with locked(path, "work", remove=True):
                with counting:
                    holders += 1
                    most = max(most, holders)
                with counting:
                    holders -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert not path.exists()


def test_without_waiting_the_lock_is_reported_as_held(tmp_path: Path) -> None:
    path = tmp_path / "made" / "run.lock"
    with locked_at_once(path) as is_held:
        assert is_held
        with locked_at_once(path) as is_held_twice:
            assert not is_held_twice
        assert is_locked(path)
    assert not is_locked(path)
    with locked_at_once(path) as is_held:
        assert is_held


def test_a_check_creates_no_file_and_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.lock"
    assert not is_locked(path)
    assert not path.exists()

    look = path.open("w")
    assert lock._take(look, lock.fcntl.LOCK_SH)
    assert not is_locked(path)
    # The look ends while the lock is waited for.
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: look.close())
    with locked_at_once(path) as is_held:
        assert is_held
        assert look.closed


def test_a_killed_process_releases_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    code = "import sys, time, pathlib; from visage.lock import locked\nwith locked(pathlib.Path(sys.argv[1]), 'run'):\n"
    code += "    print('held', flush=True)\n    time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_locked(path)
        os.kill(process.pid, signal.SIGKILL)
    assert not is_locked(path)


def test_a_file_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for hold in (locked(tmp_path / "file" / "lock", "work"), locked_at_once(tmp_path / "file" / "lock")):
        with pytest.raises(OSError, match="file"), hold:
            pass
