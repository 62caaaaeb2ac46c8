"""The way from archives to prepared TFDS data sets; what is there already is not done again."""

import hashlib
import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from components import progress
from components.errors import VisageError
from components.face_example_gen.settings import DataSettings

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Higher when the drawing changes: the same seed then draws other pictures.
DRAWING_VERSION = 1


def fingerprint(data: DataSettings) -> str:
    """A short text that changes when the archives do: names, sizes and times of change, or how portraits are drawn.

    Raises:
        VisageError: the folder with the archives is not there.
    """
    digest = hashlib.sha256()
    if data.dir is None:
        digest.update(f"drawn {DRAWING_VERSION} {data.sample_portraits} {sorted(data.sources)}".encode())
    else:
        for line in _listing(Path(data.dir)):
            digest.update(line.encode())
    return digest.hexdigest()[:16]


def archive_dir(data: DataSettings, data_root: Path) -> Path:
    """The folder with the archives; draws the sample portraits into it where there are none.

    Raises:
        VisageError: the folder is not there, or cannot be written.
    """
    if data.dir is not None:
        folder = Path(data.dir)
        if not folder.is_dir():
            raise VisageError(f"data.dir {folder}: no such folder; name the one that holds the archives")
        return folder
    from tfds_builders.sample_portraits.draw import draw_sample_portraits

    drawing = data.sample_portraits
    folder = data_root / "sample_portraits" / fingerprint(data)
    draw_sample_portraits(folder, drawing.count, drawing.seed, data.sources)
    return folder


def prepare_source(dataset: str, archives: Path, prepared_root: Path) -> "tfds.core.DatasetBuilder":
    """Prepares one data set with its TFDS builder, unless it is prepared already.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces'.
        archives: folder with the archives as published.
        prepared_root: TFDS's data_dir.

    Raises:
        VisageError: the archive is missing, incomplete or not what it should be.
    """
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    name, _, config = dataset.partition("/")
    module = importlib.import_module(f"tfds_builders.{name}.{name}_dataset_builder")
    builder = module.Builder(config=config or None, data_dir=prepared_root)
    progress.report(f"prepare {dataset}", 0)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=archives))
    return builder


def sweep_unfinished(prepared_root: Path) -> None:
    """Removes what a killed preparation left behind."""
    for leftover in prepared_root.glob("**/*incomplete*"):
        shutil.rmtree(leftover, ignore_errors=True)


def row_counts(builder: "tfds.core.DatasetBuilder") -> dict[str, object]:
    """`rows`, `yielded` and `skipped` by reason, as the builder counted them when it read the archive."""
    return json.loads(json.dumps(dict(builder.info.metadata)))


def _listing(folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        raise VisageError(f"data.dir {folder}: no such folder; name the one that holds the archives")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            yield f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n"
