"""Writing files so that nobody ever reads a half-written one."""

import os
from pathlib import Path

from components.errors import VisageError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes to a temporary name beside `path`, then renames it: readers see the old file or the new one.

    Args:
        path: the file.
        content: bytes, or text, which is written as UTF-8.

    Raises:
        VisageError: the folder is missing, not writable, or full.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise VisageError(f"{path}: cannot be written: {error.strerror}") from None
