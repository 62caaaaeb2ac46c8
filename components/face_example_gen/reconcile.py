"""Proves, from the files that were written, that every record was written or dropped exactly once.

Some engines report success with nothing written, so no report of an engine counts here.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.face_example_gen.beam import filesystem
from components.face_example_gen.beam.record_files import read_lines, read_records
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.accounting import Report, account
from visage.data.prepared_dataset import PreparedDataset
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord, from_example
from visage.errors import VisageError
from visage.evaluation.label_noise import LabelPairs
from visage.files import write_atomically


def clean_and_report(
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    report_dir: str,
    job: tuple[str, str] = ("faces", "run"),
) -> Report:
    """Runs the Beam pipeline and reads back its output.

    Args:
        sources: the prepared data sets to read.
        settings: rules, alignment, split and engine.
        examples_dir: receives the splits.
        report_dir: receives the lists of drops and of the rows that the builders skipped.
        job: as in `run_beam`.

    Returns:
        The report of `reconcile`, with `skipped_examples` (by data set and reason) and Beam's `metrics`.

    Raises:
        VisageError: the engine fails, or records are lost.
    """
    metrics = run_beam(sources, settings, examples_dir, report_dir, job)
    report = reconcile(sources, examples_dir, report_dir)
    for source in sources:
        if source.skipped_rows is not None:
            name = f"skipped-{source.name.replace('/', '-')}.jsonl"
            write_atomically(Path(report_dir) / name, source.skipped_rows.read_bytes())
    examples: dict[str, dict[str, str]] = {source.dataset: {} for source in sources}
    for source in sources:
        # The newest span comes last.
        examples[source.dataset].update(source.examples)
    return {**report, "skipped_examples": examples, "metrics": metrics}


def write_report(report: Report, report_dir: Path) -> None:
    """Writes `cleaning_report.json`, last, so that where it exists the other files are complete.

    Raises:
        VisageError: it cannot be written.
    """
    write_atomically(report_dir / "cleaning_report.json", json.dumps(report, indent=2) + "\n")


def reconcile(sources: Sequence[PreparedDataset], examples_dir: str, drops_dir: str) -> Report:
    """Reads back all files and makes the cleaning report.

    Args:
        sources: the data sets that were read.
        examples_dir: holds `Split-<name>/data_tfrecord-*.gz`.
        drops_dir: holds `dropped-*.jsonl`.

    Returns:
        The report of `account`, with `label_noise` of the pairs of copies, as `visage.evaluation.label_noise` has it.

    Raises:
        VisageError: records are missing, doubled, or unreadable; or a person or an image is in two splits.
    """
    written = ((split, record) for split in SPLITS for record in _written_records(f"{examples_dir}/Split-{split}"))
    pairs = LabelPairs()
    report = account(sources, pairs.of_written(written), pairs.of_drops(_written_drops(drops_dir)))
    return {**report, "label_noise": pairs.report()}


def _written_records(folder: str) -> Iterator[FaceRecord]:
    for path in filesystem.matching(folder, "data_tfrecord-*.gz"):
        with _reading(path):
            yield from map(from_example, read_records(path))


def _written_drops(folder: str) -> Iterator[dict[str, Any]]:
    for path in filesystem.matching(folder, "dropped-*.jsonl"):
        with _reading(path):
            yield from map(json.loads, read_lines(path))


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except VisageError:
        raise
    except Exception as error:  # Damage raises many errors: of gzip, TFRecord, protobuf, or a missing feature.
        raise VisageError(
            f"{path} cannot be read back ({str(error) or type(error).__name__}); nothing is published: run again"
        ) from error
