"""A preparation that is killed leaves nothing that the next one does not remove."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from components.face_example_gen.prepare import archive_dir, prepare_source, source_of
from components.face_example_gen.settings import DataSettings
from tests.components.face_example_gen.archives import drawn

pytestmark = pytest.mark.one_stack

# Stops for ever in the middle of what it does, so that it can be killed exactly there.
STUCK = """
import sys, time
from pathlib import Path
from visage import progress
from components.face_example_gen.prepare import archive_dir, prepare_source
from components.face_example_gen.settings import DataSettings

def stop(step, done, total, note):
    if step == sys.argv[1]:
        print("stuck", flush=True)
        time.sleep(3600)

data = DataSettings.model_validate_json(sys.argv[2])
with progress.listening(stop):
    prepare_source("utkface", archive_dir(data, Path(sys.argv[3])), Path(sys.argv[3]) / "prepared")
"""


def kill_in(step: str, data: DataSettings, data_root: Path) -> None:
    """Starts a preparation, and kills it with signal 9 when it reports `step`."""
    command = [sys.executable, "-c", STUCK, step, data.model_dump_json(), str(data_root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        while (line := process.stdout.readline()) and "stuck" not in line:
            pass
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("step", "leftovers"),
    [("draw portraits", "sample_portraits/.*.unfinished-*"), ("read UTKFace", "prepared/utkface/incomplete.*")],
)
def test_a_second_run_after_kill_9_is_complete_and_leaves_no_leftovers(
    step: str, leftovers: str, tmp_path: Path
) -> None:
    kill_in(step, drawn(), tmp_path)
    assert list(tmp_path.glob(leftovers)) != []

    source = source_of("utkface", prepare_source("utkface", archive_dir(drawn(), tmp_path), tmp_path / "prepared"))
    assert list(tmp_path.glob(leftovers)) == []
    images = list(tmp_path.glob("sample_portraits/*/UTKFace/*.jpg"))
    assert len(images) == source.archive_rows == source.records + sum(source.skipped.values())
