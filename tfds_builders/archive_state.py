"""The state of a data set's files, as lines that change when the files do; imports no TensorFlow.

Every file counts by its name and content, so neither a copy of the same bytes nor a new time changes the state. Tables
are read each time, because a tool may correct a label and reset size and time; other files are read where `FileDigests`
does not remember them.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePath

from tfds_builders.entries import Entry, entries_of
from tfds_builders.file_digests import FileDigests
from tfds_builders.labelled_folder.labels_file import STANDARD_FILES
from visage.data.datasets import archive_files

_LARGEST_TABLE = 2**26


def state_of_labelled_folder(folder: Path, labels: str | None, digests: FileDigests) -> Iterator[str]:
    """Yields a line for each file of a labelled folder.

    Args:
        folder: the labelled folder; may be missing.
        labels: path of the labels file in it, or a pattern; None: labels.csv or labels.parquet.
        digests: of the files.
    """
    tables = (labels,) if labels else STANDARD_FILES
    for entry in entries_of(folder):
        is_table = any(entry.name == table or PurePath(entry.name).match(table) for table in tables)
        yield _table(folder, entry.name, digests) if is_table else _listed(folder, entry, digests)


def state_of_archive(folder: Path, dataset: str, digests: FileDigests) -> Iterator[str]:
    """Yields a line for each file that the builder of a published data set may read.

    Args:
        folder: folder with the archives.
        dataset: the TFDS name, e.g. 'adience/faces'.
        digests: of the files.
    """
    name, files = dataset.partition("/")[0], archive_files(dataset)
    for place in (folder / name, folder):
        yield ascii(place.relative_to(folder).as_posix())
        yield from (_file(place, archive, digests) for archive in (f"{files.root}.tar", f"{files.root}.tar.gz"))
        yield from (_table(place, table, digests) for table in files.tables)
        extracted = place / files.root
        if extracted.is_dir():
            for entry in entries_of(extracted):
                is_table = entry.name in files.tables
                yield _table(extracted, entry.name, digests) if is_table else _listed(extracted, entry, digests)


def _listed(folder: Path, entry: Entry, digests: FileDigests) -> str:
    # Names may contain line ends, and bytes that are not UTF-8.
    return f"{entry.name!a} {entry.reason}" if entry.reason else _file(folder, entry.name, digests)


def _table(folder: Path, name: str, digests: FileDigests) -> str:
    """Returns the line of a table, which is read unless it is large, e.g. a Parquet file with images."""
    path = folder / name
    try:
        if path.stat().st_size > _LARGEST_TABLE:
            return _file(folder, name, digests)
        return f"{name!a} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return f"{name!a} {error.strerror}"


def _file(folder: Path, name: str, digests: FileDigests) -> str:
    try:
        return f"{name!a} {digests.of(folder / name)}"
    except OSError as error:
        return f"{name!a} {error.strerror}"
