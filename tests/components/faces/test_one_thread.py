"""Cutting faces takes one core: Beam starts a worker for each, and what one wastes another lacks."""

import subprocess
import sys

# A thread that is not woken is not scheduled, so that the kernel counts no switch to or from it.
CUT_SOME = """
import threading
from pathlib import Path

from components.faces.align import align
from components.faces.detect import make_detector
from components.faces.perceptual_hash import perceptual_hash
from components.faces.settings import AlignmentSettings
from tests.components.faces.drawn_photo import drawn_photo
from tests.limits import wait_until

def other_threads(field):
    tasks = Path("/proc/self/task").iterdir()
    others = [task for task in tasks if task.name != str(threading.get_native_id())]
    return {
        task.name: [line for line in (task / "status").read_text().splitlines() if field in line] for task in others
    }

def all_sleep():
    # Those of the libraries look for work for a moment when they are started.
    return all("sleeping" in lines[0] for lines in other_threads("State").values())

photo, detector = drawn_photo([((160.0, 120.0), 50.0, 12.0)]), make_detector("blazeface")
wait_until(all_sleep, "the other threads sleep")
before = other_threads("ctxt_switches")
for _ in range(50):
    (face,) = detector.detect(photo)
    perceptual_hash(align(photo, face.landmarks, AlignmentSettings()))
assert other_threads("ctxt_switches") == before, (before, other_threads("ctxt_switches"))
"""


def test_no_other_thread_is_started_or_woken() -> None:
    ended = subprocess.run([sys.executable, "-c", CUT_SOME], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
