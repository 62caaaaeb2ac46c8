"""The pictures of a folder, by the paths that its labels file gives them."""

import os
import stat
from pathlib import Path


class PictureFolder:
    """Finds pictures that lie in a folder, links followed."""

    def __init__(self, folder: Path, base: Path) -> None:
        """`folder` holds everything; the paths are relative to `base`, at or below it."""
        self._folder = os.path.realpath(folder) + os.sep
        self._base = base

    def find(self, path: str) -> tuple[str, str]:
        """Looks for one picture.

        Returns:
            (its real path, ''), or (its real path, why it cannot be used): 'picture_outside_folder', 'picture_missing'
            or 'picture_empty'.
        """
        try:
            real = os.path.realpath(self._base / path)
            if not real.startswith(self._folder):
                return real, "picture_outside_folder"
            status = Path(real).stat()
        # Names that no file system takes: too long, or with a zero byte.
        except (OSError, ValueError):
            return path, "picture_missing"
        if not stat.S_ISREG(status.st_mode):
            return real, "picture_missing"
        return real, "" if status.st_size else "picture_empty"
