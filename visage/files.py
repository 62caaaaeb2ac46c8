"""Writing files so that nobody ever reads a half-written one."""

import hashlib
import os
from pathlib import Path

from visage.errors import VisageError

# Bytes read at once of a file whose digest is taken.
_CHUNK = 1 << 24


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
        partial.write_bytes(_encoded(content) if isinstance(content, str) else content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise VisageError(f"{path}: cannot be written: {error.strerror}") from None


def _encoded(text: str) -> bytes:
    # A file's name in it may hold bytes that are no UTF-8.
    return text.encode(errors="backslashreplace")


def digest_of(path: Path) -> str:
    """A short text that differs where a file's bytes do, or, of a folder, the names or bytes of the files below it."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(os.fsencode(file.relative_to(path)))
            with file.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()[:16]
