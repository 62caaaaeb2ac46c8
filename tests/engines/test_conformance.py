"""The Beam part of FaceExampleGen, on the engine that `VISAGE_TEST_ENGINE` names, does what it does on this machine.

`VISAGE_TEST_ENGINE='--runner=FlinkRunner --flink_master=HOST:8081 ...' pytest tests/engines/test_conformance.py` takes
any Beam options. `VISAGE_TEST_JOB_SERVER=HOST:8099` takes a running job server of any engine instead, with the workers
that `VISAGE_TEST_WORKERS` names: HOST:PORT of a worker pool as the engine's machines reach it, else this process. With
`VISAGE_TEST_SHARED_DIR` (a mount, gs://...) where the workers do not see this machine's temporary folders. Without any
of them, Beam's own job service and a pool of external workers are started here. The last test says what it ran on.
"""

import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from google.protobuf import json_format

from components.face_example_gen.beam.record_files import read_records
from components.face_example_gen.engines.options import RUNNERS
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.reconcile import reconcile
from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from tests.engines.drawn_rows import drawn_source
from tests.engines.portable_services import portable_services
from visage import progress
from visage.data.prepared_dataset import PreparedDataset
from visage.data.protocols import SPLITS
from visage.faces.settings import AlignmentSettings

FACES = 40


@dataclass(frozen=True)
class Run:
    """The output of one engine.

    Attributes:
        records: serialized examples by split, in any order: engines differ in it.
        drops: key, rule and place of each.
        report: what reconciling found.
        metrics: what Beam counted.
        shown: of the progress: done, total, note.
    """

    records: dict[str, list[bytes]]
    drops: list[tuple[str, str, str, int]]
    report: dict[str, Any]
    metrics: dict[str, Any]
    shown: list[tuple[int, int | None, str]]


def run(source: PreparedDataset, beam: BeamSettings, out: Path) -> Run:
    settings = settings_for(beam)
    shown: list[tuple[int, int | None, str]] = []
    with progress.listening(lambda step, done, total, note: shown.append((done, total, note))):
        metrics = run_beam([source], settings, f"{out}/examples", f"{out}/report")
    report = reconcile([source], f"{out}/examples", f"{out}/report")
    lines = [line for file in (out / "report").glob("dropped-*.jsonl") for line in file.read_text().splitlines()]
    drops = [(drop["key"], drop["rule"], drop["file"], drop["offset"]) for drop in map(json.loads, lines)]
    written = {split: records(out / "examples" / f"Split-{split}") for split in SPLITS}
    return Run(written, sorted(drops), report, metrics, shown)


def settings_for(beam: BeamSettings) -> FaceExampleGenSettings:
    return FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]), alignment=AlignmentSettings(size=48), beam=beam, data_root="/nowhere"
    )


def records(folder: Path) -> list[bytes]:
    return sorted(record for path in folder.glob("*") for record in read_records(str(path)))


def beam_settings(words: list[str], shared_dir: str | None) -> BeamSettings:
    """Returns the settings for Beam's own options, written as `--name=value` or `--name value`."""
    options: list[str] = []
    for word in words:
        if word.startswith("--") or not options:
            options.append(word)
        else:
            options[-1] += f"={word}"
    runner = next(option.partition("=")[2] for option in options if option.startswith("--runner="))
    (engine,) = (engine for engine, name in RUNNERS.items() if name == runner)
    others = [option for option in options if not option.startswith("--runner=")]
    return BeamSettings(engine=engine, options=others, shared_dir=shared_dir)


def job_server_options(address: str, workers: str | None) -> list[str]:
    """Returns Beam's options for a running job server; without a pool of workers, this process is the worker."""
    environment = (
        ["--environment_type=EXTERNAL", f"--environment_config={workers}"]
        if workers
        else ["--environment_type=LOOPBACK"]
    )
    return ["--runner=PortableRunner", f"--job_endpoint={address}", *environment]


def ran_on(beam: BeamSettings) -> str:
    """Returns the engine, its address, what a job server says about itself, and the jobs that it had."""
    text = f"beam.engine: {beam.engine} {' '.join(beam.options)}"
    address = next((option.partition("=")[2] for option in beam.options if option.startswith("--job_endpoint=")), None)
    if address is None or ":" not in address:
        return text
    with grpc.insecure_channel(address) as channel:
        service = beam_job_api_pb2_grpc.JobServiceStub(channel)
        try:
            described = service.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=10)
            names = {option.name for option in described.options}
        except grpc.RpcError:
            names = set()
        jobs = service.GetJobs(beam_job_api_pb2.GetJobsRequest(), timeout=10).job_info
    kind = next((kind for kind in ("flink", "spark") if any(kind in name for name in names)), None)
    server = f"{kind.capitalize()}'s job server" if kind else "a job server that names no engine"
    return f"{text}: {server}, jobs {', '.join(sorted(map(name_of, jobs)))}"


def name_of(job: beam_job_api_pb2.JobInfo) -> str:
    """Returns the name that the job's options give it, as Flink shows it; Beam's client names every job 'job'."""
    options = json_format.MessageToDict(job.pipeline_options)
    return str(options.get("beam:option:job_name:v1", job.job_name))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BeamSettings]:
    """The engine under test."""
    shared_dir = os.environ.get("VISAGE_TEST_SHARED_DIR")
    if named := os.environ.get("VISAGE_TEST_ENGINE"):
        yield beam_settings(shlex.split(named), shared_dir)
    elif job_server := os.environ.get("VISAGE_TEST_JOB_SERVER"):
        yield beam_settings(job_server_options(job_server, os.environ.get("VISAGE_TEST_WORKERS")), shared_dir)
    else:
        with portable_services(tmp_path_factory.mktemp("services")) as services:
            yield beam_settings(services.options, None)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    return drawn_source(tmp_path_factory.mktemp("prepared"), FACES)


@pytest.fixture(scope="module")
def here(source: PreparedDataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Returns the output of local processes."""
    return run(source, BeamSettings(workers=1), tmp_path_factory.mktemp("here"))


@pytest.fixture(scope="module")
def there(source: PreparedDataset, engine: BeamSettings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(source, engine, tmp_path_factory.mktemp("there"))


def test_the_records_are_the_same(here: Run, there: Run) -> None:
    assert there.records == here.records
    assert min(map(len, there.records.values())) > 0


def test_the_drops_and_the_counts_are_the_same(here: Run, there: Run) -> None:
    assert there.drops == here.drops
    assert there.report == here.report
    assert set(there.report["total"]["dropped"]) >= {
        "record_unreadable",
        "age_out_of_range",
        "picture_undecodable",
        "no_face",
        "conflicting_labels",
    }


def test_the_metrics_count_what_was_written(here: Run, there: Run) -> None:
    total = there.report["total"]
    assert there.metrics["pictures"] == total["records_in"]
    assert there.metrics["faces"] == total["records_out"]
    assert there.metrics["dropped"] == total["dropped"]
    assert set(there.metrics["milliseconds"]) == set(here.metrics["milliseconds"])
    assert all(0 < step["mean"] <= step["max"] for step in there.metrics["milliseconds"].values())


def test_the_progress_names_the_engine_and_reaches_the_end(there: Run, engine: BeamSettings) -> None:
    total = there.report["total"]["records_in"]
    assert there.shown[0] == (0, total, f"running on {engine.engine}")
    assert (total, total) in [(done, of) for done, of, _ in there.shown]


def test_it_says_what_it_ran_on(there: Run, engine: BeamSettings, capsys: pytest.CaptureFixture[str]) -> None:
    named = ran_on(engine)
    assert "visage-faces-run-" in named or not any(option.startswith("--job_endpoint=") for option in engine.options)
    with capsys.disabled():
        print(f"\nThe records, drops, counts and metrics are those of direct on {named}")
