"""Gives a folder a second name, for libraries that read the name of a folder as a glob pattern."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visage.errors import VisageError

# Special characters of glob, fnmatch, Beam and TensorFlow. None of them has one way to escape all of them.
PATTERN_CHARACTERS = frozenset("*?[]\\")


def is_plain(path: str | Path) -> bool:
    """Returns whether a path means itself, and nothing else, where a glob pattern is expected."""
    return PATTERN_CHARACTERS.isdisjoint(str(path))


@contextmanager
def folder_alias(folder: str | Path) -> Iterator[str]:
    """Yields a name of a folder that no library reads as a pattern; it is valid inside the `with` block.

    Beam, TensorFlow, TFMA and TFDS append "/*" to the names of folders and look for what matches. In a folder `r[1]`
    they find nothing, or the files of its neighbour `r1`, which Beam then deletes.

    Args:
        folder: the folder; it need not exist.

    Yields:
        `folder` itself where its name is plain, else a symbolic link to it in a temporary folder.

    Raises:
        VisageError: no temporary folder has a plain name.
    """
    if is_plain(folder):
        yield str(folder)
        return
    with tempfile.TemporaryDirectory(prefix="visage-alias-", dir=_plain_temporary_folder()) as temporary:
        link = Path(temporary) / "folder"
        link.symlink_to(Path(folder).absolute())
        yield str(link)


def _plain_temporary_folder() -> str:
    for candidate in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if is_plain(candidate) and os.access(candidate, os.W_OK):
            return candidate
    unfit = tempfile.gettempdir()
    raise VisageError(f"TMPDIR: the name of {unfit} holds one of * ? [ ] \\; set TMPDIR to a folder of another name")
