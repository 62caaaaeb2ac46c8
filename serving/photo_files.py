"""The photos that a command's arguments name."""

from collections.abc import Sequence
from pathlib import Path

from visage.errors import VisageError
from visage.faces.image_formats import ENDINGS


def photo_files(paths: Sequence[Path]) -> list[Path]:
    """Returns the paths, with each folder replaced by its images in the order of their names.

    Subfolders and hidden files are skipped. A path that does not exist or cannot be accessed stays, and the prediction
    reports it as a problem.

    Raises:
        VisageError: a folder holds no image, or cannot be read.
    """
    return [file for path in paths for file in (_images_in(path) if _is_folder(path) else [path])]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _images_in(folder: Path) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()]
    except OSError as error:
        raise VisageError(f"{folder}: the folder cannot be read: {error.strerror}; name its photos") from None
    images = sorted(path for path in files if not path.name.startswith("."))
    if not images:
        raise VisageError(f"{folder}: no image in this folder ({', '.join(ENDINGS)}); name a photo or another folder")
    return images
