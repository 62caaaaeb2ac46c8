"""A file under its final name is complete, new or old; failures leave no partial file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.awkward_names import NAMES
from visage.errors import VisageError
from visage.files import atomic_file, atomic_folder, digest_of, write_atomically


@pytest.mark.parametrize("name", NAMES)
def test_a_file_in_a_folder_of_any_name_is_written_whole(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    write_atomically(tmp_path / name / "page.html", "ü")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / name).iterdir()] == [("page.html", "ü".encode())]


def test_a_name_that_is_not_utf8_can_be_written_and_digested(tmp_path: Path) -> None:
    stray = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sum\xe9.txt"))
    before = digest_of(tmp_path)
    stray.touch()
    assert digest_of(tmp_path) != before
    write_atomically(tmp_path / "page.html", f"not read: {stray.name}")
    assert (tmp_path / "page.html").read_text() == r"not read: r\udce9sum\udce9.txt"


def interrupted_while_writing(file: Path) -> None:
    file.write_text("hal")
    raise KeyboardInterrupt


@pytest.mark.parametrize("own_name", [None, ".page.partial"])
def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path, own_name: str | None) -> None:
    page = tmp_path / "page"
    page.write_text("old")
    with atomic_file(page, None if own_name is None else tmp_path / own_name) as partial:
        partial.write_text("new")
        assert page.read_text() == "old"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page", "new")]


def test_a_block_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_file(tmp_path / "page") as partial:
        interrupted_while_writing(partial)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page", "old")]


def test_two_that_write_one_file_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    # They have one process id here, as the first processes of two containers do.
    with atomic_file(tmp_path / "page") as slow:
        slow.write_text("the slow one")
        with atomic_file(tmp_path / "page") as fast:
            fast.write_text("the fast one")
        assert (tmp_path / "page").read_text() == "the fast one"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page", "the slow one")]


@pytest.mark.parametrize("content", ["text", b"bytes"])
def test_a_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(VisageError, match=r"/missing/page: cannot be written: No such file or directory$"):
        write_atomically(tmp_path / "missing" / "page", content)
    (tmp_path / "page" / "in the way").mkdir(parents=True)
    with pytest.raises(VisageError, match=r"/page: cannot be written: Is a directory$"):
        write_atomically(tmp_path / "page", content)
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_full_disk_leaves_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("old")
    (tmp_path / ".page.partial").symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match="No space left"),
        atomic_file(tmp_path / "page", tmp_path / ".page.partial") as partial,
    ):
        partial.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page", "old")]


def test_a_folder_appears_when_it_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with atomic_folder(folder) as partial:
        (partial / "weights").write_text("numbers")
        assert not folder.exists()
        assert partial.parent == tmp_path
        assert partial.name.startswith(".model.unfinished-")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/weights"]


def test_a_block_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "model") as partial:
        interrupted_while_writing(partial / "weights")
    assert list(tmp_path.iterdir()) == []


def test_if_two_make_one_folder_the_first_to_end_wins(tmp_path: Path) -> None:
    folder = tmp_path / "portraits"
    with atomic_folder(folder) as slow:
        (slow / "drawn by").write_text("the slow one")
        with atomic_folder(folder) as fast:
            (fast / "drawn by").write_text("the fast one")
    assert (folder / "drawn by").read_text() == "the fast one"
    assert [path.name for path in tmp_path.iterdir()] == ["portraits"]


def test_an_existing_folder_is_an_error_for_an_exclusive_writer(tmp_path: Path) -> None:
    (tmp_path / "model" / "old").mkdir(parents=True)
    with (
        pytest.raises(OSError, match="Directory not empty"),
        atomic_folder(tmp_path / "model", tmp_path / ".model.partial"),
    ):
        pass
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/old"]


KILLED = """
import pathlib, sys, time
from visage.files import atomic_file, atomic_folder
folder = pathlib.Path(sys.argv[1])
with atomic_file(folder / "page", folder / ".page.partial") as page:
    with atomic_folder(folder / "model", folder / ".model.partial") as model:
        page.write_text("half")
        (model / "half").touch()
        print("half", flush=True)
        time.sleep(60)
"""


def test_leftovers_of_a_killed_process_have_no_final_name_and_are_removed_next_time(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        os.kill(process.pid, signal.SIGKILL)
    assert {path.name for path in tmp_path.iterdir()} == {".page.partial", ".model.partial"}

    with (
        atomic_file(tmp_path / "page", tmp_path / ".page.partial") as page,
        atomic_folder(tmp_path / "model", tmp_path / ".model.partial") as model,
    ):
        page.write_text("whole")
        assert list(model.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"page", "model"}
