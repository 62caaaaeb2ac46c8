"""A worker that dies during a job fails that run alone, and leaves nothing that disturbs the next."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.engines.staging import ATTEMPTS
from components.face_example_gen.reconcile import reconcile
from tests.engines.drawn_rows import drawn_source
from tests.engines.portable_services import PortableServices, portable_services
from tests.engines.test_conformance import beam_settings, settings_for
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack


def kill_when_at_work(services: PortableServices, examples: Path) -> None:
    wait_until(lambda: any(examples.glob(f"{ATTEMPTS}/*/examples/.candidates/*")), "a worker that writes something")
    (worker,) = services.workers()
    os.kill(worker, signal.SIGKILL)


def test_kill_9_of_a_worker_fails_the_run_and_the_next_one_is_complete(tmp_path: Path) -> None:
    source = drawn_source(tmp_path / "prepared", faces=40)
    examples, drops = tmp_path / "examples", tmp_path / "drops"
    with portable_services(tmp_path) as services:
        settings = settings_for(beam_settings(services.options, None))
        with ThreadPoolExecutor(1) as executor:
            first = executor.submit(run_beam, [source], settings, str(examples), str(drops))
            kill_when_at_work(services, examples)
            with pytest.raises(
                VisageError, match=r"^beam\.engine: portable: the job failed: .*\S; see docs/engines\.md$"
            ):
                first.result(timeout=HANG_GUARD_SECONDS)
        assert list(examples.rglob("*")) == list(drops.rglob("*")) == []

        run_beam([source], settings, str(examples), str(drops))
    total = reconcile([source], str(examples), str(drops))["total"]
    assert total["records_out"] > 0
    assert {path.parent.name for path in examples.rglob("*") if path.is_file()} <= {
        "Split-train",
        "Split-val",
        "Split-test",
    }
    assert all(path.match("dropped-*.jsonl") for path in drops.iterdir())
