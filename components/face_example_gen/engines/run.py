"""Runs the Beam pipeline of FaceExampleGen on the configured engine, with progress and one-line errors."""

import functools
import os
import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult

from components.face_example_gen.beam import filesystem
from components.face_example_gen.beam.clean_and_align import DROPPED
from components.face_example_gen.beam.metrics import Counted, counted
from components.face_example_gen.beam.transforms import build
from components.face_example_gen.engines.options import (
    check_reachable,
    engine_options,
    job_name,
    run_on_engine,
    why_failed,
)
from components.face_example_gen.engines.staging import (
    attempts_folder,
    copy_back,
    copy_to_shared,
    move_back,
    name_local_files,
)
from components.face_example_gen.engines.worker_processes import end_if_a_worker_dies, worker_processes
from components.face_example_gen.kept_faces import kept_faces
from components.face_example_gen.settings import BeamSettings, FaceExampleGenSettings
from visage import progress
from visage.data.prepared_dataset import PreparedDataset
from visage.data.protocols import SPLITS
from visage.errors import VisageError

# Two processes take 2 s to start, and a record takes 12 ms, so they save seconds only from twice as many records on.
RECORDS_WORTH_A_WORKER = 500
_STEP = "find and align faces"
_VISAGE_ERROR = "visage.errors.VisageError"
_LOOK_EVERY_SECONDS = 0.5


def run_beam(
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    job: tuple[str, str] = ("faces", "run"),
) -> Counted:
    """Runs the Beam pipeline to its end and reports its progress to `visage.progress`.

    On an engine other than direct, each call works in a folder of its own: a job that goes on after its run has ended
    writes nothing into the output of the next attempt.

    Args:
        sources: the prepared data sets to read.
        settings: rules, alignment, split and engine.
        examples_dir: receives the splits; emptied first.
        drops_dir: receives the list of drops; emptied first.
        job: names of the pipeline and of its run, for the engine's pages.

    Returns:
        Beam's metrics, see `metrics.counted`. They do not prove that anything was written.

    Raises:
        VisageError: the engine cannot be reached, the job failed, a worker lacks something on its machine, or a file
            cannot be written.
    """
    if settings.beam.engine == "direct":
        return _run(sources, settings, examples_dir, drops_dir, _run_here)
    check_reachable(settings.beam)
    for folder in (examples_dir, drops_dir):
        filesystem.remove(folder)
        # A worker that cannot write there raises its own one-line error.
        with suppress(OSError):
            filesystem.make(folder)
    attempt = uuid.uuid4().hex[:8]
    name = job_name(*job, attempt)
    attempts = attempts_folder(settings.beam.shared_dir, examples_dir)
    with suppress(Exception):
        # Of an attempt that was killed. Where it cannot be removed, it disturbs nobody.
        filesystem.remove(attempts)
    run = functools.partial(_run_on_engine, name=name)
    try:
        if settings.beam.shared_dir is None:
            return _run_beside(sources, settings, f"{attempts}/{attempt}", (examples_dir, drops_dir), run)
        return _run_elsewhere(sources, settings, f"{attempts}/{attempt}", (examples_dir, drops_dir), run)
    finally:
        # The error of the run must not be hidden by an error of the clean-up.
        with suppress(Exception):
            filesystem.remove(attempts)


def _run_beside(
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    there: str,
    here: tuple[str, str],
    run: "_Run",
) -> Counted:
    """Runs the job in the folder `there`, on the file system of the two folders `here`, to which its output goes."""
    written = (f"{there}/examples", f"{there}/drops")
    found = _run(sources, settings, *written, run)
    for source, target in zip(written, here, strict=True):
        move_back(source, target)
    return found


def _run_elsewhere(
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    there: str,
    here: tuple[str, str],
    run: "_Run",
) -> Counted:
    """Runs the job in the folder `there` of `beam.shared_dir`, on copies; copies its output to the folders `here`."""
    assert settings.beam.shared_dir is not None
    copies = copy_to_shared(sources, settings.beam.shared_dir)
    written = (f"{there}/examples", f"{there}/drops")
    found = _run(copies, settings, *written, run)
    for source, target in zip(written, here, strict=True):
        copy_back(source, target)
    name_local_files(here[1], sources, copies)
    return found


def _run(
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    run: "_Run",
) -> Counted:
    work_dir = f"{examples_dir}/.candidates"
    for folder in (examples_dir, drops_dir):
        # TFX gives the folders of a killed execution to the next attempt.
        filesystem.remove(folder)
    for folder in (*(f"{examples_dir}/Split-{split}" for split in SPLITS), work_dir, drops_dir):
        # A worker that cannot write there raises its own one-line error.
        with suppress(OSError):
            filesystem.make(folder)
    total = sum(source.records for source in sources)

    with kept_faces(settings) as kept_dir:

        def build_on(pipeline: beam.Pipeline, progress_dir: str | None) -> beam.Pipeline:
            build(pipeline, sources, settings, examples_dir, drops_dir, work_dir, progress_dir, kept_dir)
            return pipeline

        found = counted(run(settings.beam, build_on, total).metrics())
    filesystem.remove(work_dir)
    # Bundles that were tried twice may leave a partial file.
    for folder in (examples_dir, drops_dir):
        for leftover in filesystem.matching(folder, ".partial-*"):
            filesystem.remove_file(leftover)
    return found


_Build = Callable[[beam.Pipeline, str | None], beam.Pipeline]
_Run = Callable[[BeamSettings, _Build, int], PipelineResult]


def _run_here(settings: BeamSettings, build_on: _Build, total: int) -> PipelineResult:
    workers = _workers(settings, total)
    # Without explicit flags Beam reads those of this program.
    options = PipelineOptions([], direct_num_workers=workers, save_main_session=False)
    with (
        tempfile.TemporaryDirectory(prefix="visage-progress-") as progress_dir,
        _reporting(progress_dir, total),
        end_if_a_worker_dies(running := Path(progress_dir, "running")),
    ):
        # Named explicitly: "DirectRunner" of newer Beam versions first downloads an engine from GitHub.
        runner = FnApiRunner(worker_processes(running) if workers > 1 else None)
        pipeline = build_on(beam.Pipeline(runner, options=options), progress_dir)
        try:
            result = pipeline.run()
            result.wait_until_finish()
        except Exception as error:
            reported = _worker_error(error)
            if reported is None:
                raise
            raise reported from error
        return result


def _run_on_engine(settings: BeamSettings, build_on: _Build, total: int, name: str) -> PipelineResult:
    with tempfile.TemporaryDirectory(prefix="visage-worker-package-") as package_dir:
        options = engine_options(settings, package_dir, name)
        pipeline = build_on(beam.Pipeline(options=options), None)
        try:
            return run_on_engine(settings.engine, pipeline, _STEP, total, name)
        except VisageError:
            raise
        except Exception as error:
            raise _worker_error(error) or why_failed(settings.engine, error) from error


def _workers(settings: BeamSettings, records: int) -> int:
    cores = len(os.sched_getaffinity(0))
    return settings.workers or max(1, min(cores, records // RECORDS_WORTH_A_WORKER))


def _worker_error(error: Exception) -> VisageError | None:
    """Returns the VisageError of a worker, if there was one.

    Beam appends the name of the step to its message, and passes only the text of a traceback between processes.
    """
    text = f"{_VISAGE_ERROR}: {error}" if isinstance(error, VisageError) else str(error)
    found = re.search(rf"^{_VISAGE_ERROR}: (.*?)( \[while running .*)?$", text, re.MULTILINE)
    return VisageError(found[1]) if found else None


@contextmanager
def _reporting(progress_dir: str, total: int) -> Iterator[None]:
    stop = threading.Event()

    def look() -> None:
        marks = [path.read_bytes() for path in Path(progress_dir).iterdir()]
        done = sum(map(len, marks))
        dropped = sum(mark.count(DROPPED) for mark in marks)
        progress.report(_STEP, min(done, total), total, f"{dropped:,} dropped" if dropped else "")

    def keep_looking() -> None:
        while not stop.wait(_LOOK_EVERY_SECONDS):
            look()

    watcher = threading.Thread(target=keep_looking, daemon=True)
    watcher.start()
    try:
        yield
        look()
    finally:
        stop.set()
        watcher.join()
