"""Checks the archive of one half of IMDB-WIKI, and its table if that is beside it."""

from collections.abc import Sequence
from pathlib import Path

from tfds_builders.archive import TarArchive
from tfds_builders.imdb_wiki.table_file import table_beside
from tfds_builders.quick_look import look_at_archive
from visage.data.datasets.spec import ArchiveFiles


def look(files: ArchiveFiles, folders: Sequence[Path], hint: str) -> list[Path]:
    """Checks the archive, and the table beside an extracted archive that lacks it."""
    archive = look_at_archive(files, folders, hint)
    (table,) = files.tables
    # Only reading a whole tar shows whether it contains its table.
    if isinstance(archive, TarArchive) or (archive.path / table).is_file():
        return [archive.path]
    return [archive.path, table_beside(archive.path, folders, table, hint)]
