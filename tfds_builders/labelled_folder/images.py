"""The images of a folder, found by the paths in its labels file."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from tfds_builders.entries import IMAGE_UNREADABLE, Entry, entries_of


class ImageFolder:
    """Finds images in a folder; follows links."""

    def __init__(self, path: Path, base: Path) -> None:
        """Stores `path`, the folder, and `base`, at or below it, to which the paths of images are relative."""
        self.path = path
        self._folder = os.path.realpath(path) + os.sep
        self._base = base

    def find(self, path: str) -> tuple[str, str, str]:
        """Finds one image.

        Returns:
            Its real path, and twice ''; or its real path and why it cannot be used: 'picture_outside_folder',
            'picture_missing', 'picture_unreadable' or 'picture_empty', and the same in words.
        """
        missing = ("picture_missing", "the folder has no such image")
        real = path
        try:
            real = os.path.realpath(self._base / path)
            if not real.startswith(self._folder):
                return real, "picture_outside_folder", "it leads out of the folder"
            status = Path(real).stat()
        except PermissionError as error:
            return real, IMAGE_UNREADABLE, f"it cannot be read ({error.strerror})"
        # Names that the file system refuses: too long, or with a zero byte.
        except (OSError, ValueError):
            return real, *missing
        if not stat.S_ISREG(status.st_mode):
            return real, *missing
        return (real, "", "") if status.st_size else (real, "picture_empty", "the file is empty")

    def unlisted(self, named: Collection[str]) -> Iterator[Entry]:
        """Yields every file of the folder whose real path is not in `named`."""
        for entry in entries_of(self.path):
            path = self._folder + entry.name
            if path not in named and not (Path(path).is_symlink() and os.path.realpath(path) in named):
                yield entry
