"""The place of IMDB-WIKI's table: beside its archive, or in most archives inside."""

from collections.abc import Sequence
from pathlib import Path

from tfds_builders.near_files import near_files
from visage.errors import VisageError


def table_beside(archive: Path, folders: Sequence[Path], name: str, hint: str) -> Path:
    """Returns the table of an archive that does not contain it.

    Args:
        archive: a tar, or the folder that it extracts to.
        folders: folders to search for the files of the data set.
        name: of the table, 'wiki.mat' or 'imdb.mat'.
        hint: the fix if there is no table.

    Raises:
        VisageError: none of the folders has the table.
    """
    for path in (folder / name for folder in folders):
        if path.is_file():
            return path
    near = "".join(near_files(folder, [name]) for folder in folders)
    raise VisageError(f"no {name} in {archive} nor beside it: {near}{hint}")
