"""A killed local worker process, e.g. for lack of memory, ends the run with one line, at once."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.settings import BeamSettings
from tests.engines.drawn_rows import drawn_source
from tests.engines.test_conformance import settings_for
from tests.helpers.limits import wait_until
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack


def workers() -> list[int]:
    """Process ids of the workers that this process started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"components.face_example_gen.engines.worker" in words and str(os.getpid()).encode() in words:
            found.append(int(folder.name))
    return found


def kill_one_when(ready: Callable[[], bool]) -> threading.Thread:
    def kill() -> None:
        wait_until(ready, "a worker to kill")
        os.kill(workers()[0], signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("moment", ["starting", "at work"])
def test_a_killed_worker_ends_the_run_and_the_other_worker(moment: str, tmp_path: Path) -> None:
    source = drawn_source(tmp_path / "prepared", faces=150)
    examples, drops = tmp_path / "examples", tmp_path / "drops"
    work_dir = examples / ".candidates"
    ready = {
        "starting": lambda: len(workers()) == 2,
        "at work": lambda: work_dir.is_dir() and any(work_dir.iterdir()),
    }
    killer = kill_one_when(ready[moment])
    with pytest.raises(VisageError, match=r"FaceExampleGen: a worker process was killed.*run again"):
        run_beam([source], settings_for(BeamSettings(workers=2)), str(examples), str(drops))
    killer.join()
    assert workers() == []
    assert list(examples.rglob("data_tfrecord-*")) == []
