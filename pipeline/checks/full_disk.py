"""Errors that mean a full disk, whoever raised them, as one line that names the place."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from visage.errors import VisageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
# TensorFlow and Beam report it in the operating system's words.
_WORDS = re.compile("|".join(map(os.strerror, sorted(_FULL))))
_SQLITES_WORDS = "disk is full"
_END_IN_KNOWN_FOLDER = re.compile(r"[:;'\"\n]")
_END = re.compile(r"[:;,'\"()\n]")


def full_disk_line(error: BaseException, folder: Path | None = None) -> str | None:
    """Returns the line for an error that means a full disk; None for every other error.

    Args:
        error: with those that it was raised from.
        folder: is named where the error names no file; None: no place is named then. A path in the error's words is
            best found where it lies in this folder.
    """
    chain = list(_chain(error))
    found = [link for link in chain if _means_full(link)]
    if not found:
        return None
    own = [str(link) for link in found if isinstance(link, VisageError)]
    if own:
        # What came first; that it cannot be recorded either comes after it.
        return own[-1]
    place = next(filter(None, (_named_file(link, folder) for link in found)), folder)
    return no_space_line(place)


def no_space_line(place: str | Path | None) -> str:
    """Returns the line for a full disk on which a file or folder lies; None: it is not known which."""
    where = f"{place}: cannot be written" if place else "the disk is full"
    return f"{where} ({os.strerror(errno.ENOSPC)}): free some space and run the same command again"


def is_full_database(error: BaseException | None) -> bool:
    """Returns whether SQLite, or ML Metadata in its words, reports a full disk."""
    return error is not None and _SQLITES_WORDS in str(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _means_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _FULL or bool(_WORDS.search(str(error))) or is_full_database(error)


def _named_file(error: BaseException, folder: Path | None) -> str | None:
    if isinstance(error, OSError) and error.filename:
        return os.fsdecode(error.filename)
    # TensorFlow: "{{… /job:localhost/…}} /workspace/…/events.out; No space left on device".
    found = _WORDS.search(str(error))
    before = str(error)[: found.start()] if found else ""
    return (_file_in(folder, before) if folder else None) or _any_file(before)


def _file_in(folder: Path, words: str) -> str | None:
    """The last path in some words that lies in a folder, whatever letters the folder's own path has."""
    _, known, rest = words.rpartition(f"{folder}/")
    return known + _END_IN_KNOWN_FOLDER.split(rest)[0].rstrip() if known else None


def _any_file(words: str) -> str | None:
    """The last path in some words, blanks in it included, that could be a file's."""
    for piece in reversed(_END.split(words)):
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
