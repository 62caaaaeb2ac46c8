"""Prepares one source in the folder that a run uses."""

import time
from dataclasses import dataclass
from pathlib import Path

from components.face_example_gen.prepare import (
    archive_digests,
    archive_dir,
    prepare_part,
    prepared_root,
    source_of,
)
from components.face_example_gen.settings import FaceExampleGenSettings
from components.face_example_gen.spans import SourcePart, part_of_name
from visage.data.prepared_dataset import PreparedDataset


@dataclass(frozen=True)
class Prepared:
    """One prepared data set, or what one span holds of it.

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


def prepare(dataset: str, settings: FaceExampleGenSettings) -> list[Prepared]:
    """Prepares a data set, unless it is prepared already.

    Args:
        dataset: one of `settings.data.sources`.
        settings: name the folders of the archives and of prepared data sets.

    Returns:
        The data set; of several spans, each by itself.

    Raises:
        VisageError: the archive is missing, incomplete or invalid, or the disk has no space to prepare it.
    """
    digests = archive_digests(settings, dataset)
    return [_prepare(part_of_name(settings.data, name), settings, digest) for name, digest in digests.items()]


def _prepare(part: SourcePart, settings: FaceExampleGenSettings, digest: str) -> Prepared:
    data_root = Path(settings.data_root)
    # Portraits are drawn before the time is taken.
    archive_dir(settings.data, data_root, part.span)
    was_there = any((prepared_root(data_root, digest) / part.dataset).glob("*/dataset_info.json"))
    start = time.monotonic()
    builder = prepare_part(part, settings, digest)
    seconds = time.monotonic() - start
    return Prepared(source_of(part.dataset, builder, part.span), Path(builder.data_dir), was_there, seconds)
