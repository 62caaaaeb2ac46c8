"""Writing files so that nobody ever reads a half-written one."""

import os
from pathlib import Path

from components.errors import VisageError


def write_atomically(path: Path, text: str) -> None:
    """Writes `text` to a temporary name beside `path`, then renames it: readers see the old file or the new one.

    Raises:
        VisageError: the folder is missing, not writable, or full.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise VisageError(f"{path}: cannot be written: {error.strerror}") from None
