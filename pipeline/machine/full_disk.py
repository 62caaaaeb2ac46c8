"""Recognizes errors that mean a full disk, and words them as one line that names the place."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from visage.errors import VisageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
# TensorFlow and Beam quote the operating system's message.
FULL_CAUSES = tuple(map(os.strerror, sorted(_FULL)))
"""What the operating system says of a full disk, and of a used-up quota."""
_MESSAGE = re.compile("|".join(FULL_CAUSES))
_SQLITE_MESSAGE = "disk is full"
_END_IN_KNOWN_FOLDER = re.compile(r"[:;'\"\n]")
_END = re.compile(r"[:;,'\"()\n]")


def full_disk_line(error: BaseException, folder: Path | None = None) -> str | None:
    """Returns the line for an error that means a full disk; None for every other error.

    Args:
        error: its causes are searched too.
        folder: named where the error names no file; None: no place is named then. A path in the error's message is
            found most reliably if it is in this folder.
    """
    chain = list(_chain(error))
    found = [link for link in chain if _means_full(link)]
    if not found:
        return None
    own = [str(link) for link in found if isinstance(link, VisageError)]
    if own:
        # The first cause; a failure to record it comes after it.
        return own[-1]
    place = next(filter(None, (_named_file(link, folder) for link in found)), folder)
    return no_space_line(place)


def no_space_line(place: str | Path | None) -> str:
    """Returns the line for the full disk of a file or folder; None: the place is unknown."""
    where = f"{place}: cannot be written" if place else "the disk is full"
    return f"{where} ({os.strerror(errno.ENOSPC)}): free some space and run the same command again"


def is_full_database(error: BaseException | None) -> bool:
    """Returns whether SQLite, or ML Metadata with its message, reports a full disk."""
    return error is not None and _SQLITE_MESSAGE in str(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _means_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _FULL or bool(_MESSAGE.search(str(error))) or is_full_database(error)


def _named_file(error: BaseException, folder: Path | None) -> str | None:
    if isinstance(error, OSError) and error.filename:
        return os.fsdecode(error.filename)
    # TensorFlow: "{{… /job:localhost/…}} /workspace/…/events.out; No space left on device".
    found = _MESSAGE.search(str(error))
    before = str(error)[: found.start()] if found else ""
    return (_file_in(folder, before) if folder else None) or _any_file(before)


def _file_in(folder: Path, message: str) -> str | None:
    """Returns the last path in a message that is in a folder; the folder's own path may have any characters."""
    _, known, rest = message.rpartition(f"{folder}/")
    return known + _END_IN_KNOWN_FOLDER.split(rest)[0].rstrip() if known else None


def _any_file(message: str) -> str | None:
    """Returns the last path in a message that could be a file's; it may contain blanks."""
    for piece in reversed(_END.split(message)):
        for start in re.finditer("/", piece):
            path = Path(piece[start.start() :].strip())
            if len(path.parts) > 2 and _is_folder(path.parent):
                return str(path)
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
