"""Cleaned data and its cleaning report, for the executor and for `visage data inspect`."""

import json
from collections.abc import Sequence
from pathlib import Path

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.reconcile import Report, reconcile
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.prepared_source import Source
from visage.files import write_atomically


def clean_and_report(
    sources: Sequence[Source], settings: FaceExampleGenSettings, examples_dir: str, report_dir: str
) -> Report:
    """Runs the Beam pipeline and reads back its output.

    Args:
        sources: the prepared data sets to read.
        settings: rules, alignment, split and engine.
        examples_dir: receives the splits.
        report_dir: receives the lists of drops and of the rows that the builders skipped.

    Returns:
        The report of `reconcile`, with `skipped_examples` (by data set and reason) and Beam's `metrics`.

    Raises:
        VisageError: the engine fails, or records are lost.
    """
    metrics = run_beam(sources, settings, examples_dir, report_dir)
    report = reconcile(sources, examples_dir, report_dir)
    for source in sources:
        if source.skipped_rows is not None:
            name = f"skipped-{source.dataset.replace('/', '-')}.jsonl"
            write_atomically(Path(report_dir) / name, source.skipped_rows.read_bytes())
    examples = {source.dataset: dict(source.examples) for source in sources}
    return {**report, "skipped_examples": examples, "metrics": metrics}


def write_report(report: Report, report_dir: Path) -> None:
    """Writes `cleaning_report.json`, last, so that where it exists the other files are complete.

    Raises:
        VisageError: it cannot be written.
    """
    write_atomically(report_dir / "cleaning_report.json", json.dumps(report, indent=2) + "\n")
