"""Prepares one source in the folder that a run uses."""

import time
from dataclasses import dataclass
from pathlib import Path

from components.face_example_gen.prepare import (
    archive_digest,
    archive_dir,
    prepare_source,
    prepared_root,
    source_of,
)
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.prepared_dataset import PreparedDataset


@dataclass(frozen=True)
class Prepared:
    """One prepared data set.

    Attributes:
        source: its files and counts.
        folder: of the data set.
        was_there: whether it was prepared before.
        seconds: of preparing, without the drawing of sample portraits.
    """

    source: PreparedDataset
    folder: Path
    was_there: bool
    seconds: float


def prepare(dataset: str, settings: FaceExampleGenSettings) -> Prepared:
    """Prepares a data set, unless it is prepared already.

    Args:
        dataset: one of `settings.data.sources`.
        settings: name the folders of the archives and of prepared data sets.

    Raises:
        VisageError: the archive is missing, incomplete or invalid, or the disk has no space to prepare it.
    """
    data_root = Path(settings.data_root)
    archives = archive_dir(settings.data, data_root)
    root = prepared_root(data_root, archive_digest(settings.data, dataset, data_root))
    was_there = any((root / dataset).glob("*/dataset_info.json"))
    start = time.monotonic()
    builder = prepare_source(dataset, archives, root, settings.data.labelled_folder(dataset))
    seconds = time.monotonic() - start
    return Prepared(source_of(dataset, builder), Path(builder.data_dir), was_there, seconds)
