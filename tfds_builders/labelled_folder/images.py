"""The pictures of a folder, by the paths that its labels file gives them."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from tfds_builders.entries import IMAGE_UNREADABLE, Entry, entries_of


class ImageFolder:
    """Finds pictures that lie in a folder, links followed."""

    def __init__(self, path: Path, base: Path) -> None:
        """`path` holds everything; the paths of pictures are relative to `base`, at or below it."""
        self.path = path
        self._folder = os.path.realpath(path) + os.sep
        self._base = base

    def find(self, path: str) -> tuple[str, str, str]:
        """Looks for one picture.

        Returns:
            Its real path, and twice ''; or its real path and why it cannot be used: 'picture_outside_folder',
            'picture_missing', 'picture_unreadable' or 'picture_empty', and the same in words.
        """
        missing = ("picture_missing", "the folder has no such picture")
        real = path
        try:
            real = os.path.realpath(self._base / path)
            if not real.startswith(self._folder):
                return real, "picture_outside_folder", "it leads out of the folder"
            status = Path(real).stat()
        except PermissionError as error:
            return real, IMAGE_UNREADABLE, f"it cannot be read ({error.strerror})"
        # Names that no file system takes: too long, or with a zero byte.
        except (OSError, ValueError):
            return real, *missing
        if not stat.S_ISREG(status.st_mode):
            return real, *missing
        return (real, "", "") if status.st_size else (real, "picture_empty", "the file is empty")

    def unlisted(self, named: Collection[str]) -> Iterator[Entry]:
        """Yields every file of the folder that has none of the real paths `named`."""
        for entry in entries_of(self.path):
            path = self._folder + entry.name
            if path not in named and not (Path(path).is_symlink() and os.path.realpath(path) in named):
                yield entry
