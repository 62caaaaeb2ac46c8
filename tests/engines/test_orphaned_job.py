"""A job that goes on after its run was interrupted writes nothing into the output of the next attempt."""

import signal
import threading
from pathlib import Path
from types import FrameType

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.engines.staging import ATTEMPTS
from components.face_example_gen.reconcile import reconcile
from tests.engines.drawn_rows import drawn_source
from tests.engines.portable_services import portable_services
from tests.engines.test_conformance import beam_settings, name_of, records, settings_for
from tests.helpers.limits import wait_until
from visage.data.protocols import SPLITS

pytestmark = pytest.mark.one_stack


def interrupt_when_at_work(examples: Path) -> None:
    """Sends the main thread a signal, whose handler raises what Ctrl-C raises."""

    def interrupt() -> None:
        wait_until(lambda: any(examples.glob(f"{ATTEMPTS}/*/examples/.candidates/*")), "a worker at work")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    threading.Thread(target=interrupt, daemon=True).start()


def raise_as_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def jobs(address: str) -> dict[str, str]:
    """Returns the states of the service's jobs, by name."""
    with grpc.insecure_channel(address) as channel:
        found = beam_job_api_pb2_grpc.JobServiceStub(channel).GetJobs(beam_job_api_pb2.GetJobsRequest())
    return {name_of(job): beam_job_api_pb2.JobState.Enum.Name(job.state) for job in found.job_info}


def test_an_interrupted_job_is_cancelled_and_the_next_attempt_is_complete(tmp_path: Path) -> None:
    """Beam's own job service only marks a job as cancelled: its workers go on, as those of other engines may."""
    source = drawn_source(tmp_path / "prepared", faces=120)
    examples, drops = tmp_path / "examples", tmp_path / "drops"
    before = signal.signal(signal.SIGUSR1, raise_as_ctrl_c)
    try:
        with portable_services(tmp_path) as services:
            settings = settings_for(beam_settings(services.options, None))
            interrupt_when_at_work(examples)
            with pytest.raises(KeyboardInterrupt):
                run_beam([source], settings, str(examples), str(drops), ("faces", "run 1"))
            address = next(option for option in services.options if "job_endpoint" in option).partition("=")[2]
            ((name, state),) = jobs(address).items()
            assert name.startswith("visage-faces-run-1-")
            assert state == "CANCELLED"

            run_beam([source], settings, str(examples), str(drops), ("faces", "run 1"))
            assert len(jobs(address)) == 2
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert reconcile([source], str(examples), str(drops))["total"]["records_out"] > 0
    assert {path.name for path in examples.iterdir()} == {f"Split-{split}" for split in SPLITS}
    assert all(records(examples / f"Split-{split}") for split in SPLITS)
