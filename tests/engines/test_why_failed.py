"""The cause of a failed job, from the text that an engine reports.

The files in `flink_errors` are texts of a real Flink 1.19.3: what its client raised for a job that is gone, for a task
that raised the error of a worker (a text like Beam's), and for a TaskManager that was killed; `*_stack.txt` with the
whole trace. Beam's job server reports the last exception of the chain, as in the others.
"""

from pathlib import Path

import pytest

from components.face_example_gen.engines.options import job_name, why_failed

TEXTS = Path(__file__).parent / "flink_errors"
WORKER = "ValueError: no such thing [while running 'find and align faces-ptransform-31']"
LOST = "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id localhost:34803-1ce8ad is no longer"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        (
            "job_not_found",
            "org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job "
            "(11111111111111111111111111111111)",
        ),
        ("worker_raised", WORKER),
        ("worker_raised_stack", WORKER),
        ("task_manager_killed", f"{LOST} reachable."),
        ("task_manager_killed_stack", f"{LOST} reachable."),
    ],
)
def test_flinks_errors_name_their_cause(name: str, cause: str) -> None:
    text = (TEXTS / f"{name}.txt").read_text()
    reported = str(why_failed("flink", RuntimeError(f"Pipeline job-1 failed in state FAILED: {text}")))
    assert reported.removeprefix("Pipeline job-1 failed in state FAILED: ").endswith(f"{cause}; see docs/engines.md")
    assert "\n" not in reported
    assert "\tat " not in reported


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Pipeline job-1 failed in state FAILED: boom", "Pipeline job-1 failed in state FAILED: boom"),
        ("first\\nValueError: x [while running 'write']\\n\\n]", "ValueError: x [while running 'write']"),
        ("[\n]\n>", "RuntimeError"),
        ("", "RuntimeError"),
        ("X: y\nSuppressed: java.lang.IllegalStateException: Processing bundle failed\n\t... 7 more\n", "X: y"),
    ],
)
def test_other_texts(text: str, cause: str) -> None:
    expected = f"beam.engine: portable: the job failed: {cause}; see docs/engines.md"
    assert str(why_failed("portable", RuntimeError(text))) == expected


def test_a_jobs_name_is_one_that_every_engine_takes() -> None:
    name = job_name("faces", "scheduled__2026-01-01T00:00:00+00:00", "1a2b3c4d")
    assert name == "visage-faces-scheduled-2026-01-01t00-00-00-00-00-1a2b3c4d"
