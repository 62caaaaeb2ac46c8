"""Prints the terms of use of published data sets, once a workspace."""

from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from components.face_example_gen.settings import FaceExampleGenSettings
from pipeline.output.console import Reporter
from visage.data.datasets import dataset_spec
from visage.files import write_atomically


def terms_of(datasets: Iterable[str], settings: FaceExampleGenSettings) -> dict[str, str]:
    """Returns the terms of those data sets that come from real archives and have terms."""
    if settings.data.dir is None:
        return {}
    return {dataset: text for dataset in datasets if (text := dataset_spec(dataset).terms)}


def print_terms_once(datasets: Iterable[str], settings: FaceExampleGenSettings, reporter: Reporter) -> None:
    """Prints the terms that were not printed in this workspace before.

    Raises:
        VisageError: the file that records them cannot be written.
    """
    # Named so in existing workspaces.
    printed = Path(settings.data_root) / "terms_told"
    for dataset, text in terms_of(datasets, settings).items():
        note = printed / f"{dataset.partition('/')[0]}.txt"
        if not note.exists():
            reporter.print(f"[bold]terms[/]  {escape(text)}")
            note.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(note, text + "\n")
