"""The folders that may hold the files of a published data set, and the hint how to get them."""

from pathlib import Path

from tfds_builders.near_files import near_files
from visage.data.datasets.spec import ArchiveFiles


def folders_of(files: ArchiveFiles, archives: Path) -> list[Path]:
    """Returns the folders to search for the files, in order of preference."""
    return [place for place in (archives / files.folder, archives) if files.folder and place.is_dir()] or [archives]


def hint_in(files: ArchiveFiles, archives: Path) -> str:
    """Returns the hint, preceded by a folder with nearly the name of `files.folder`, if there is one."""
    near = "" if not files.folder or (archives / files.folder).is_dir() else near_files(archives, [files.folder])
    return f"{near}{files.hint}"
