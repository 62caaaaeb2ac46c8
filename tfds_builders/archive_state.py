"""The state of a data set's files, as lines that change when the files do; imports no TensorFlow.

Tables are read whole, because a corrected label changes neither the size nor, if a tool resets it, the time. Files
that are too large to read at each run are sampled in blocks. Of an image in a folder, size, time and readability count.
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
        folder: the labelled folder; may be missing.
        labels: path of the labels file in it; None: labels.csv or labels.parquet.
    """
    tables = {labels} if labels else set(STANDARD_FILES)
    for entry in entries_of(folder):
        yield _table(folder, entry.name) if entry.name in tables else _as_listed(entry)


def state_of_archive(folder: Path, dataset: str) -> Iterator[str]:
    """Yields a line for each file that the builder of a published data set may read.

    Args:
        folder: folder with the archives.
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
    # Names may contain line ends, and bytes that are not UTF-8.
    return f"{entry.name!a} {entry.size} {entry.modified_ns} {entry.reason}"


def _table(folder: Path, name: str) -> str:
    """Yields the content of a table, or its state as a large file, e.g. of a Parquet file with images."""
    path = folder / name
    try:
        if path.stat().st_size > _LARGEST_TABLE:
            return _large(folder, name)
        return f"{name!a} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return f"{name!a} {error.strerror}"


def _large(folder: Path, name: str) -> str:
    """Returns size, time, first and last block, and evenly spaced blocks between them, as a line."""
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
