"""Errors that mean a full disk, whoever raised them, as one line that names the place."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from components.errors import VisageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
# The operating system's words, in which TensorFlow and Beam report it, and SQLite's.
_WORDS = (*map(os.strerror, _FULL), "disk is full")
_PATH = re.compile(r"(/[^\s:;,'\"()]+)")


def full_disk_line(error: BaseException, folder: Path | None = None) -> str | None:
    """Returns the line for an error that means a full disk; None for every other error.

    Args:
        error: with those that it was raised from.
        folder: is named where the error names no file; None: no place is named then.
    """
    chain = list(_chain(error))
    found = [link for link in chain if _means_full(link)]
    if not found:
        return None
    own = next((str(link) for link in found if isinstance(link, VisageError)), None)
    if own is not None:
        return own
    place = next(filter(None, map(_named_file, found)), folder)
    where = f"{place}: cannot be written" if place else "the disk is full"
    return f"{where} ({os.strerror(errno.ENOSPC)}): free some space and run the same command again"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _means_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _FULL or any(words in str(error) for words in _WORDS)


def _named_file(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.filename:
        return os.fsdecode(error.filename)
    # TensorFlow: "{{… /job:localhost/…}} /workspace/…/events.out; No space left on device".
    named = [path for path in _PATH.findall(str(error)) if len(Path(path).parts) > 2 and Path(path).parent.is_dir()]
    return named[-1] if named else None
