"""Folders wherever Beam's file systems reach: on this machine, or in a bucket.

Beam takes each path that it matches or deletes for a pattern. Here a folder's path is always meant literally.
"""

import glob
import shutil
from contextlib import suppress
from pathlib import Path

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems


def remove(folder: str) -> None:
    """Removes a folder with all that is in it, if it is there.

    What cannot be removed on this machine stays: a worker that then cannot write there says so in one line.

    Raises:
        BeamIOError: something in a bucket cannot be removed.
    """
    if _is_local(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name in files_in(folder):
        remove_file(f"{folder}/{name}")


def remove_file(path: str) -> None:
    """Removes a file, if it is there.

    Raises:
        OSError, BeamIOError: it cannot be removed.
    """
    if _is_local(path):
        with suppress(FileNotFoundError):
            Path(path).unlink()
    elif FileSystems.exists(path):
        FileSystems.delete([glob.escape(path)])


def make(folder: str) -> None:
    """Makes a folder and those above it, unless it is there.

    Raises:
        OSError: it cannot be made.
    """
    try:
        if not FileSystems.exists(folder):
            FileSystems.mkdirs(folder)
    except BeamIOError as error:
        raise OSError(str(error)) from error


def matching(folder: str, pattern: str) -> list[str]:
    """Returns the paths of the files in a folder whose names match a pattern, sorted."""
    if _is_local(folder):
        return sorted(str(path) for path in Path(folder).glob(pattern) if path.is_file())
    return _matched(f"{glob.escape(folder)}/{pattern}")


def files_in(folder: str) -> list[str]:
    """Returns the paths, relative to `folder`, of all files in it and below it, sorted."""
    if _is_local(folder):
        below = Path(folder)
        return sorted(str(path.relative_to(below)) for path in below.rglob("*") if path.is_file())
    return [path.removeprefix(f"{folder}/") for path in _matched(f"{glob.escape(folder)}/**")]


def _is_local(path: str) -> bool:
    return FileSystems.get_scheme(path) is None


def _matched(pattern: str) -> list[str]:
    (found,) = FileSystems.match([pattern])
    return sorted(metadata.path for metadata in found.metadata_list)
