"""Runs the Beam part of FaceExampleGen on the configured engine, with progress and plain errors."""

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult

from components.face_example_gen.beam.clean_and_align import DROPPED
from components.face_example_gen.beam.metrics import Counted, counted
from components.face_example_gen.beam.transforms import build
from components.face_example_gen.engines import filesystem
from components.face_example_gen.engines.options import (
    check_reachable,
    engine_options,
    run_on_engine,
    why_failed,
)
from components.face_example_gen.engines.staging import copy_back, copy_there, name_local_files, run_folder
from components.face_example_gen.engines.worker_processes import ended_by_a_dead_worker, worker_processes
from components.face_example_gen.prepare import Source
from components.face_example_gen.settings import BeamSettings, FaceExampleGenSettings
from visage import progress
from visage.data.split import SPLITS
from visage.errors import VisageError

# Two processes start in 2 s, and a record takes 12 ms: what they save is seconds from twice as many records on.
RECORDS_WORTH_A_WORKER = 500
_STEP = "find and align faces"
_VISAGE_ERROR = "visage.errors.VisageError"
_LOOK_EVERY_SECONDS = 0.5


def run_beam(sources: Sequence[Source], settings: FaceExampleGenSettings, examples_dir: str, drops_dir: str) -> Counted:
    """Runs the Beam pipeline to its end and tells `visage.progress` how far it is.

    Args:
        sources: what to read.
        settings: rules, alignment, split and engine.
        examples_dir: gets the splits; emptied first.
        drops_dir: gets the list of drops; emptied first.

    Returns: what Beam counted, see `metrics.counted`. It proves nothing of what was written.

    Raises:
        VisageError: the engine cannot be reached or the job failed; or a worker says what is missing on its machine, or
            that a file cannot be written.
    """
    if settings.beam.engine != "direct":
        check_reachable(settings.beam)
    shared_dir = settings.beam.shared_dir
    if shared_dir is None:
        return _run(sources, settings, examples_dir, drops_dir)
    for folder in (examples_dir, drops_dir):
        filesystem.remove(folder)
        filesystem.make(folder)
    there = run_folder(shared_dir, examples_dir)
    copies = copy_there(sources, shared_dir)
    try:
        found = _run(copies, settings, f"{there}/examples", f"{there}/drops")
        copy_back(f"{there}/examples", examples_dir)
        copy_back(f"{there}/drops", drops_dir)
    finally:
        # What went wrong with the run is more interesting than that it cannot be swept.
        with suppress(Exception):
            filesystem.remove(there)
    name_local_files(drops_dir, sources, copies)
    return found


def _run(sources: Sequence[Source], settings: FaceExampleGenSettings, examples_dir: str, drops_dir: str) -> Counted:
    work_dir = f"{examples_dir}/.candidates"
    for folder in (examples_dir, drops_dir):
        # TFX hands a killed execution's folders to the next attempt.
        filesystem.remove(folder)
    for folder in (*(f"{examples_dir}/Split-{split}" for split in SPLITS), work_dir, drops_dir):
        # A worker that cannot write there says so itself, in one line.
        with suppress(OSError):
            filesystem.make(folder)
    total = sum(source.records for source in sources)

    def build_on(pipeline: beam.Pipeline, progress_dir: str | None) -> beam.Pipeline:
        build(pipeline, sources, settings, examples_dir, drops_dir, work_dir, progress_dir)
        return pipeline

    run = _run_here if settings.beam.engine == "direct" else _run_on_engine
    found = counted(run(settings.beam, build_on, total).metrics())
    filesystem.remove(work_dir)
    # Bundles that were tried twice leave half a file.
    for folder in (examples_dir, drops_dir):
        for leftover in filesystem.matching(folder, ".partial-*"):
            filesystem.remove_file(leftover)
    return found


_Build = Callable[[beam.Pipeline, str | None], beam.Pipeline]


def _run_here(settings: BeamSettings, build_on: _Build, total: int) -> PipelineResult:
    workers = _workers(settings, total)
    # Without flags of its own Beam reads those of this program.
    options = PipelineOptions([], direct_num_workers=workers, save_main_session=False)
    with (
        tempfile.TemporaryDirectory(prefix="visage-progress-") as progress_dir,
        _reporting(progress_dir, total),
        ended_by_a_dead_worker(running := Path(progress_dir, "running")),
    ):
        # Named, for "DirectRunner" of newer Beams first downloads an engine from GitHub.
        runner = FnApiRunner(worker_processes(running) if workers > 1 else None)
        pipeline = build_on(beam.Pipeline(runner, options=options), progress_dir)
        try:
            result = pipeline.run()
            result.wait_until_finish()
        except Exception as error:
            told = _told_by_a_worker(error)
            if told is None:
                raise
            raise told from error
        return result


def _run_on_engine(settings: BeamSettings, build_on: _Build, total: int) -> PipelineResult:
    with tempfile.TemporaryDirectory(prefix="visage-worker-package-") as package_dir:
        options = engine_options(settings, package_dir)
        pipeline = build_on(beam.Pipeline(options=options), None)
        try:
            return run_on_engine(settings.engine, pipeline, _STEP, total)
        except VisageError:
            raise
        except Exception as error:
            raise _told_by_a_worker(error) or why_failed(settings.engine, error) from error


def _workers(settings: BeamSettings, records: int) -> int:
    cores = len(os.sched_getaffinity(0))
    return settings.workers or max(1, min(cores, records // RECORDS_WORTH_A_WORKER))


def _told_by_a_worker(error: Exception) -> VisageError | None:
    """The VisageError of a worker, if there was one.

    Beam adds the step's name to its message, and from another process it brings the traceback's text alone.
    """
    text = f"{_VISAGE_ERROR}: {error}" if isinstance(error, VisageError) else str(error)
    told = re.search(rf"^{_VISAGE_ERROR}: (.*?)( \[while running .*)?$", text, re.MULTILINE)
    return VisageError(told[1]) if told else None


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
