"""Worker processes report errors even if their log is on a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.limits import HANG_GUARD_SECONDS

pytestmark = pytest.mark.one_stack

FAILING = """
import sys
from pathlib import Path
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from components.face_example_gen.engines.worker_processes import end_if_a_worker_dies, worker_processes
from visage.lossy_output import make_standard_streams_lossy
make_standard_streams_lossy()
with end_if_a_worker_dies(running := Path(sys.argv[1], "running")):
    runner = FnApiRunner(worker_processes(running))
    pipeline = beam.Pipeline(runner, options=PipelineOptions([], direct_num_workers=2))
    pipeline | beam.Create(range(10)) | beam.Reshuffle() | beam.Map(lambda number: 1 / 0)
    try:
        pipeline.run()
    except Exception as error:
        Path(sys.argv[1], "error").write_text(str(error))
"""


def test_a_failed_bundle_ends_the_run_although_the_log_is_full(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        subprocess.run(
            [sys.executable, "-c", FAILING, str(tmp_path)],
            stdout=full,
            stderr=full,
            check=True,
            timeout=HANG_GUARD_SECONDS,
        )
    assert "ZeroDivisionError" in (tmp_path / "error").read_text()
