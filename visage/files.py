"""Writes files and folders atomically, and computes their digests.

No other module renames a temporary file to its final name (`tests/test_owners.py` checks this), except for files of
Beam's file systems, which may be buckets: `components/face_example_gen/beam/filesystem.py`.
"""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from visage.errors import VisageError

# Bytes read at once of a file whose digest is taken.
_CHUNK = 1 << 24


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file whole, as `atomic_file` does.

    Args:
        path: the file.
        content: bytes, or text, which is written as UTF-8.

    Raises:
        VisageError: the folder is missing, not writable, or full.
    """
    try:
        with atomic_file(path) as partial:
            partial.write_bytes(_encoded(content) if isinstance(content, str) else content)
    except OSError as error:
        raise VisageError(f"{path}: cannot be written: {error.strerror}") from None


def make_folder(folder: Path) -> None:
    """Creates a folder and those above it, as far as they are missing.

    Raises:
        VisageError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VisageError(f"{folder}: cannot be created: {error.strerror}; make it writable, and run again") from None


@contextmanager
def atomic_file(path: Path, partial: Path | None = None) -> Iterator[Path]:
    """Renames a file to its final name when the `with` block has written it; readers see the old file or the new one.

    The bytes reach the disk before the name does, so the file is whole after a power cut, too. A block that fails
    leaves the old file as it was, and no new one.

    Args:
        path: the file; its folder must exist.
        partial: a temporary name in the same folder that only the caller uses: a file that a killed process left there
            is overwritten. None: a name of this call's own, which a killed process leaves behind.

    Yields:
        The temporary name, which the block writes to and closes.

    Raises:
        OSError: the folder is missing, not writable, or full.
    """
    # No process id, which is the same in every container.
    partial = partial or path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:8]}")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


@contextmanager
def atomic_folder(folder: Path, partial: Path | None = None, *, durable: bool = False) -> Iterator[Path]:
    """Renames a folder to its final name when the `with` block has filled it; a block that fails leaves none.

    Args:
        folder: does not exist, or is empty; the folder above it must exist.
        partial: a temporary name beside it that only the caller uses, because it holds a lock: what a killed process
            left there is removed first. None: a name of its own, `.NAME.unfinished-*`; if several processes make the
            same folder, the first to end wins and the others' work is removed.
        durable: whether the folder is whole after a power cut, too: its files reach the disk before it gets its name,
            and the name before this returns. Costs a wait for the disk for each file.

    Yields:
        The temporary folder, empty.

    Raises:
        OSError: the folder above is missing, not writable, or full.
    """
    one_of_several = partial is None
    partial = partial or folder.with_name(f".{folder.name}.unfinished-{uuid.uuid4().hex[:8]}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        yield partial
        if durable:
            _flush(partial)
        try:
            partial.rename(folder)
        except OSError:
            if not (one_of_several and folder.is_dir()):
                raise
        if durable:
            _flush_names(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Waits until all files below a folder, and their names, are on the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _flush_names(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_names(folder)


def _flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do this for a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def move(path: Path, target: Path) -> None:
    """Renames a file or a folder to another name on the same file system; readers see it under one of the two names.

    Args:
        path: exists.
        target: does not exist; the folder above it is created.

    Raises:
        OSError: one of the folders cannot be written.
    """
    target.parent.mkdir(exist_ok=True)
    path.rename(target)


def _encoded(text: str) -> bytes:
    # File names in the text may contain bytes that are not UTF-8.
    return text.encode(errors="backslashreplace")


def digest_of(path: Path) -> str:
    """Returns a short digest of a file's bytes, or of the names and bytes of all files below a folder."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(os.fsencode(file.relative_to(path)))
            with file.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()[:16]
