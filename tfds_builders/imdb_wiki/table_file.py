"""Where the table of IMDB-WIKI lies beside its archive; in most archives it lies inside."""

from collections.abc import Sequence
from pathlib import Path

from tfds_builders.near_files import near_files
from visage.errors import VisageError


def table_beside(archive: Path, folders: Sequence[Path], name: str, hint: str) -> Path:
    """Returns the table of an archive that does not hold it.

    Args:
        archive: a tar, or the folder that it extracts to.
        folders: in which the files of the data set may lie.
        name: of the table, 'wiki.mat' or 'imdb.mat'.
        hint: how to get it.

    Raises:
        VisageError: there is none.
    """
    for path in (folder / name for folder in folders):
        if path.is_file():
            return path
    near = "".join(near_files(folder, [name]) for folder in folders)
    raise VisageError(f"no {name} in {archive} nor beside it: {near}{hint}")
