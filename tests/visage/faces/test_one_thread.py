"""Cutting faces uses one core, since Beam starts a worker for each core."""

import subprocess
import sys

CUT_SOME = """
import time

from visage.faces.align import align
from visage.faces.detector import make_detector
from visage.data.duplicates.perceptual_hash import perceptual_hash
from visage.data.duplicates.perceptual_hash import perceptual_hash
from visage.faces.grey import to_grey
from visage.faces.quality import measure_quality
from visage.faces.settings import AlignmentSettings
from tests.visage.faces.drawn_photo import drawn_photo

photo, detector = drawn_photo([((160.0, 120.0), 50.0, 12.0)]), make_detector("blazeface")
all_threads, this_thread = time.process_time(), time.thread_time()
for _ in range(50):
    (face,) = detector.detect(photo)
    grey = to_grey(align(photo, face.landmarks, AlignmentSettings()))
    perceptual_hash(grey)
    measure_quality(grey, face.landmarks)
print((time.process_time() - all_threads) / (time.thread_time() - this_thread))
"""


def test_no_other_thread_runs() -> None:
    ended = subprocess.run([sys.executable, "-c", CUT_SOME], capture_output=True, text=True, check=True)
    assert float(ended.stdout) < 1.2
