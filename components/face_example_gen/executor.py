"""The work of FaceExampleGen: prepare the archives, run Beam, read back what it wrote."""

import json
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components import progress
from components.face_example_gen.prepare import archive_dir, fingerprint, prepare_source, row_counts
from components.face_example_gen.reconcile import reconcile
from components.face_example_gen.settings import BeamSettings, FaceExampleGenSettings
from components.face_example_gen.transforms import Source, build
from components.files import write_atomically

# Below this, starting worker processes costs more than they save.
RECORDS_WORTH_A_WORKER = 1000
_STEP = "find and align faces"
_LOOK_EVERY_SECONDS = 0.5


class Executor(BaseExecutor):
    """Publishes nothing unless every record that was read is accounted for in what was written."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the splits and `cleaning_report.json`.

        Raises:
            VisageError: an archive is missing or broken, nothing is left after cleaning, or records got lost.
        """
        settings = FaceExampleGenSettings.model_validate_json(exec_properties["settings"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        report_dir = artifact_utils.get_single_instance(output_dict["cleaning_report"]).uri
        builders = _prepare(settings)
        sources = [_source(dataset, builder) for dataset, builder in builders.items()]

        run_beam(sources, settings, examples.uri, report_dir)

        rows = {dataset: row_counts(builder) for dataset, builder in builders.items()}
        splits = list(settings.split.model_dump())
        report = reconcile(sources, rows, splits, examples.uri, report_dir)
        write_atomically(Path(report_dir) / "cleaning_report.json", json.dumps(report, indent=2) + "\n")
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


def run_beam(sources: Sequence[Source], settings: FaceExampleGenSettings, examples_dir: str, drops_dir: str) -> None:
    """Runs the Beam pipeline to its end and tells `components.progress` how far it is.

    Args:
        sources: what to read.
        settings: rules, alignment, split and workers.
        examples_dir: gets the splits.
        drops_dir: gets the list of drops.
    """
    total = sum(source.records for source in sources)
    with tempfile.TemporaryDirectory(prefix="visage-progress-") as progress_dir, _reporting(progress_dir, total):
        pipeline = beam.Pipeline(options=_options(settings.beam, total))
        build(pipeline, sources, settings, examples_dir, drops_dir, progress_dir)
        pipeline.run().wait_until_finish()


def _prepare(settings: FaceExampleGenSettings) -> dict[str, Any]:
    data_root = Path(settings.data_root)
    archives = archive_dir(settings.data, data_root)
    prepared_root = data_root / "prepared" / fingerprint(settings.data)
    return {dataset: prepare_source(dataset, archives, prepared_root) for dataset in settings.data.sources}


def _source(dataset: str, builder: Any) -> Source:
    splits = builder.info.splits.values()
    files = tuple(str(path) for split in splits for path in split.filepaths)
    return Source(dataset, files, sum(split.num_examples for split in splits))


def _options(settings: BeamSettings, records: int) -> PipelineOptions:
    cores = settings.workers or len(os.sched_getaffinity(0))
    workers = max(1, min(cores, records // RECORDS_WORTH_A_WORKER))
    mode = "multi_processing" if workers > 1 else "in_memory"
    return PipelineOptions(
        runner="DirectRunner", direct_num_workers=workers, direct_running_mode=mode, save_main_session=False
    )


@contextmanager
def _reporting(progress_dir: str, total: int) -> Iterator[None]:
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY_SECONDS):
            done = sum(path.stat().st_size for path in Path(progress_dir).iterdir())
            progress.report(_STEP, min(done, total), total)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
