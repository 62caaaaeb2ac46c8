"""The photos that a command's arguments name."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from visage.errors import VisageError
from visage.faces.image_formats import ENDINGS
from visage.faces.image_io import MAX_BYTES
from visage.prediction.each_photo import Photo

STANDARD_INPUT = "-"


def photo_files(paths: Sequence[Path], standard_input: BinaryIO) -> list[Photo]:
    """Returns the photos at the paths, in their order; a folder means its images, sorted by name.

    Subfolders and hidden files are skipped. A path that does not exist stays, and the prediction reports it; a folder
    without images has a problem.

    Args:
        paths: files, folders, and `-` for one photo's bytes from standard input.
        standard_input: where they are read.
    """
    return [photo for path in paths for photo in _photos_at(path, standard_input)]


def read_names(file: Path, standard_input: BinaryIO) -> list[Path]:
    """Reads the names of files and folders.

    Args:
        file: one name a line, or separated by zeros, as `find -print0` writes them; `-`: standard input.
        standard_input: where they are read then.

    Raises:
        VisageError: the file cannot be read.
    """
    try:
        content = standard_input.read() if str(file) == STANDARD_INPUT else file.read_bytes()
    except OSError as error:
        raise VisageError(f"--files-from {file}: cannot be read ({error.strerror}); name another file") from error
    names = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [Path(os.fsdecode(name)) for name in names if name]


def _photos_at(path: Path, standard_input: BinaryIO) -> list[Photo]:
    if str(path) == STANDARD_INPUT:
        return [Photo(STANDARD_INPUT, standard_input.read(MAX_BYTES + 1))]
    return _images_in(path) if _is_folder(path) else [Photo(str(path))]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _images_in(folder: Path) -> list[Photo]:
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()]
    except OSError as error:
        return [Photo(str(folder), problem=f"the folder cannot be read: {error.strerror}; name its photos")]
    images = sorted(path for path in files if not path.name.startswith("."))
    if not images:
        problem = f"no image in this folder ({', '.join(ENDINGS)}); name a photo or another folder"
        return [Photo(str(folder), problem=problem)]
    return [Photo(str(image)) for image in images]
