"""Cleaned data and the account of it, as a run and an inspection both need them."""

import json
from collections.abc import Sequence
from pathlib import Path

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.prepare import Source
from components.face_example_gen.reconcile import Report, reconcile
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.files import write_atomically


def clean_and_account(
    sources: Sequence[Source], settings: FaceExampleGenSettings, examples_dir: str, report_dir: str
) -> Report:
    """Runs the Beam part and reads back what it wrote.

    Args:
        sources: what to read.
        settings: rules, alignment, split and engine.
        examples_dir: gets the splits.
        report_dir: gets the lists of drops, and of the rows that the builders skipped.

    Returns: what `reconcile` says, `skipped_examples` (by data set and reason), and Beam's `metrics`.

    Raises:
        VisageError: the engine fails, or records got lost.
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
    """Writes `cleaning_report.json`; whoever finds it finds all of what it tells of.

    Raises:
        VisageError: it cannot be written.
    """
    write_atomically(report_dir / "cleaning_report.json", json.dumps(report, indent=2) + "\n")
