"""The served folder holds complete versions only, after a push, a killed push and a failed push."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from visage.errors import VisageError
from visage.lock import is_locked
from visage.saved_model.pushing.push import push, version_pushed_by, was_pushed_by
from visage.saved_model.pushing.rollback import roll_back


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "weights").write_text("numbers")
    return folder


@pytest.fixture
def served(tmp_path: Path) -> Path:
    return tmp_path / "serving" / "visage"


def versions(served: Path) -> list[int]:
    return sorted(int(path.name) for path in served.iterdir() if path.name.isdecimal())


def test_a_push_is_a_whole_copy_named_by_the_time(model: Path, served: Path) -> None:
    before = int(time.time())
    version = push(model, served)
    assert before <= int(version.name) <= time.time()
    assert (version / "saved_model.pb").read_text() == "graph"
    assert (version / "variables" / "weights").read_text() == "numbers"
    assert versions(served) == [int(version.name)]


def test_pushes_within_one_second_get_rising_versions(model: Path, served: Path) -> None:
    pushed = []
    for weights in ("first", "second", "third"):
        (model / "variables" / "weights").write_text(weights)
        pushed.append(int(push(model, served).name))
    assert pushed == sorted(set(pushed)) == versions(served)


def test_a_clock_that_was_set_back_and_removed_versions_give_no_number_twice(
    model: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = model / "variables" / "weights"
    first = push(model, served)
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    weights.write_text("second")
    second = push(model, served)
    assert int(second.name) == int(first.name) + 1
    shutil.rmtree(first)
    shutil.rmtree(second)
    assert int(push(model, served).name) == int(second.name) + 1
    # A damaged note counts as none.
    (served / ".last_version").write_bytes(b"\xff")
    weights.write_text("third")
    assert int(push(model, served).name) == int(second.name) + 2


def test_the_model_that_is_served_already_is_not_pushed_again(model: Path, served: Path) -> None:
    assert push(model, served) == push(model, served)
    assert len(versions(served)) == 1


def test_a_served_version_is_checked_while_nothing_else_can_be_pushed(model: Path, served: Path) -> None:
    replaced: list[Path] = []

    def check(version: Path) -> None:
        replaced.append(version)
        assert is_locked(served / ".push.lock")
        raise VisageError("not compared")

    # Neither the first version nor the same model replaces one.
    first = push(model, served, check_replaceable=check)
    assert push(model, served, check_replaceable=check) == first
    (model / "variables" / "weights").write_text("second")
    with pytest.raises(VisageError, match="not compared"):
        push(model, served, check_replaceable=check)
    assert replaced == [first]
    assert versions(served) == [int(first.name)]


def test_who_pushed_a_version_is_known_while_it_is_on_disk(model: Path, served: Path) -> None:
    pushed = {}
    for run_id in ("manual: 2026\n1", "run 2", "run 3"):
        (model / "variables" / "weights").write_text(run_id)
        pushed[run_id] = push(model, served, run_id=run_id)
    for run_id, version in pushed.items():
        assert [other for other in (*pushed, "") if was_pushed_by(version, other)] == [run_id]
    roll_back(served, pushed["run 2"].name)
    assert version_pushed_by(served, "run 3") is None
    assert was_pushed_by(pushed["run 3"], "run 3")
    shutil.rmtree(pushed["run 2"])
    (model / "variables" / "weights").write_text("by hand")
    push(model, served)
    assert not was_pushed_by(pushed["run 2"], "run 2")
    assert was_pushed_by(pushed["run 3"], "run 3")
    assert len((served / ".last_version").read_text().splitlines()) == 3


def test_an_older_model_is_pushed_again_to_be_served_again(model: Path, served: Path) -> None:
    weights = model / "variables" / "weights"
    for content in ("first", "second", "first"):
        weights.write_text(content)
        push(model, served)
    assert len(versions(served)) == 3


def test_a_version_from_a_clock_that_ran_ahead_stays_below_the_next(model: Path, served: Path) -> None:
    (served / "9999999999").mkdir(parents=True)
    assert push(model, served).name == "10000000000"


def test_a_server_never_sees_a_version_without_all_its_files(model: Path, served: Path) -> None:
    for number in range(300):
        (model / "variables" / f"part-{number}").write_text("numbers")
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for version in served.glob("[0-9]*"):
                seen.append(len(list((version / "variables").iterdir())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(5):
            (model / "variables" / "part-0").write_text(str(number))
            push(model, served)
    finally:
        done.set()
        watcher.join()
    assert set(seen) == {301}


def test_a_version_is_on_the_disk_before_it_has_its_name(
    model: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut then leaves the whole version or none."""
    # What was flushed, and which versions had a name then.
    flushed: list[tuple[Path, list[int]]] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        fsync(descriptor)
        flushed.append((Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(served), versions(served)))

    monkeypatch.setattr(os, "fsync", record)
    version = push(model, served, run_id="run 1")
    before = {path.as_posix() for path, named in flushed if not named}
    copied = {".pushing", *(f".pushing/{path.relative_to(model)}" for path in model.rglob("*"))}
    assert copied <= before
    # The last number, which is renamed in the same folder.
    assert len(before - copied) == 1
    assert [entry for entry in flushed if entry[1]] == [(Path(), [int(version.name)])]


def test_leftovers_of_a_killed_push_are_removed(model: Path, served: Path) -> None:
    for number in range(300):
        (model / "variables" / f"part-{number}").write_text("numbers")
    code = "import sys, pathlib, visage.saved_model.pushing.push as p; p.push(*map(pathlib.Path, sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", code, str(model), str(served)]) as process:
        while not (served / ".pushing" / "variables").exists():
            assert process.poll() is None
        process.kill()
    assert versions(served) == []
    version = push(model, served)
    assert len(list((version / "variables").iterdir())) == 301
    assert {path.name for path in served.iterdir()} == {".push.lock", ".last_version", version.name}


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VisageError, match=r"cannot push the model to .*/file/visage: .*Not a directory"):
        push(model, tmp_path / "file" / "visage")


def test_a_copy_that_fails_leaves_no_version(model: Path, served: Path) -> None:
    (model / "variables" / "dangling").symlink_to(model / "nothing")
    with pytest.raises(VisageError, match="cannot push the model"):
        push(model, served)
    assert [path.name for path in served.iterdir()] == [".push.lock"]
