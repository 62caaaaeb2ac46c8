"""Folders on any of Beam's file systems: local, or in a bucket.

Beam interprets each path that it matches or deletes as a glob pattern. The functions here take paths literally.
"""

import glob
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems


def remove(folder: str) -> None:
    """Removes a folder with its content, if it exists.

    A local file that cannot be removed stays; a worker that then cannot write there raises its own error.

    Raises:
        BeamIOError: a file in a bucket cannot be removed.
    """
    if _is_local(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name in files_in(folder):
        remove_file(f"{folder}/{name}")


@contextmanager
def atomic_file(target: str, folder: str, compression: str = CompressionTypes.UNCOMPRESSED) -> Iterator[IO[bytes]]:
    """Opens a file that gets its final name after the `with` block; a block that fails leaves no file.

    Args:
        target: the file's final path.
        folder: holds the file until then, under a name `.partial-*`, which a killed worker leaves behind.
        compression: one of Beam's `CompressionTypes`.

    Yields:
        The file, open for writing.

    Raises:
        OSError, BeamIOError: it cannot be written.
    """
    partial = f"{folder}/.partial-{uuid.uuid4().hex}"
    try:
        with FileSystems.create(partial, compression_type=compression) as file:
            yield file
        if not _is_local(target):
            # Some file systems do not overwrite a file by a rename.
            remove_file(target)
        FileSystems.rename([partial], [target])
    except BaseException:
        with suppress(OSError, BeamIOError):
            remove_file(partial)
        raise


def remove_file(path: str) -> None:
    """Removes a file, if it exists.

    Raises:
        OSError, BeamIOError: it cannot be removed.
    """
    if _is_local(path):
        with suppress(FileNotFoundError):
            Path(path).unlink()
    elif FileSystems.exists(path):
        FileSystems.delete([glob.escape(path)])


def make(folder: str) -> None:
    """Creates a folder and its parents, unless it exists.

    Raises:
        OSError: it cannot be created.
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
