"""Folders wherever Beam's file systems reach: on this machine, or in a bucket."""

import shutil

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems


def remove(folder: str) -> None:
    """Removes a folder with all that is in it, if it is there.

    What cannot be removed on this machine stays: a worker that then cannot write there says so in one line.

    Raises:
        BeamIOError: something in a bucket cannot be removed.
    """
    if FileSystems.get_scheme(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    elif files := files_in(folder):
        FileSystems.delete([f"{folder}/{name}" for name in files])


def remove_files(pattern: str) -> None:
    """Removes the files that match a pattern, if there are any."""
    (found,) = FileSystems.match([pattern])
    if found.metadata_list:
        FileSystems.delete([metadata.path for metadata in found.metadata_list])


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


def files_in(folder: str) -> list[str]:
    """Paths, relative to `folder`, of all files in it and below it."""
    (found,) = FileSystems.match([f"{folder}/**"])
    return sorted(metadata.path.removeprefix(f"{folder}/") for metadata in found.metadata_list)
