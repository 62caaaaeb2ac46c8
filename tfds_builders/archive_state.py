"""What a data set is prepared from, as lines that differ where the files do; needs no TensorFlow.

Tables are read whole, for a corrected label changes neither size nor, where a tool sets it back, time. Of what is too
large to be read at each run some blocks are. Of an image in a folder size and time count, and whether it may be read.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tfds_builders.entries import Entry, entries_of
from tfds_builders.labelled_folder.labels_file import STANDARD_FILES
from visage.data.datasets import archive_files

_LARGEST_TABLE = 2**26
_BLOCKS, _BLOCK = 16, 2**16


def state_of_labelled_folder(folder: Path, labels: str | None) -> Iterator[str]:
    """Yields a line for each file of a labelled folder.

    Args:
        folder: need not exist.
        labels: path of the labels file in it; None: labels.csv or labels.parquet.
    """
    tables = {labels} if labels else set(STANDARD_FILES)
    for entry in entries_of(folder):
        yield _table(folder, entry.name) if entry.name in tables else _as_listed(entry)


def state_of_archive(folder: Path, dataset: str) -> Iterator[str]:
    """Yields a line for each file that the builder of a published data set may read, wherever it looks.

    Args:
        folder: with the archives.
        dataset: the TFDS name, e.g. 'adience/faces'.
    """
    name, files = dataset.partition("/")[0], archive_files(dataset)
    for place in (folder / name, folder):
        yield ascii(place.relative_to(folder).as_posix())
        yield from (_large(place, archive) for archive in (f"{files.root}.tar", f"{files.root}.tar.gz"))
        yield from (_table(place, table) for table in files.tables)
        extracted = place / files.root
        if extracted.is_dir():
            for entry in entries_of(extracted):
                yield _table(extracted, entry.name) if entry.name in files.tables else _as_listed(entry)


def _as_listed(entry: Entry) -> str:
    # Names may hold line ends, and bytes that are no UTF-8.
    return f"{entry.name!a} {entry.size} {entry.modified_ns} {entry.reason}"


def _table(folder: Path, name: str) -> str:
    """By its content; as a large file where it is one, such as a Parquet file with the images in it."""
    path = folder / name
    try:
        if path.stat().st_size > _LARGEST_TABLE:
            return _large(folder, name)
        return f"{name!a} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return f"{name!a} {error.strerror}"


def _large(folder: Path, name: str) -> str:
    """By size, time, its first and last block, and blocks evenly between them."""
    path = folder / name
    try:
        status = path.stat()
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for number in range(_BLOCKS):
                file.seek(max(0, status.st_size - _BLOCK) * number // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    except OSError as error:
        return f"{name!a} {error.strerror}"
    return f"{name!a} {status.st_size} {status.st_mtime_ns} {digest.hexdigest()}"
