"""The SHA-256 of files by their content, remembered so that a file that has not changed is read once."""

import hashlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visage import progress
from visage.errors import VisageError
from visage.files import write_atomically

# A file that changes twice within the resolution of its times would look unchanged; git distrusts such files, too.
_TRUSTED_AFTER_NS = 2 * 10**9

_BLOCK = 2**20
_REPORT_EVERY = 64 * 2**20
_KEY_BYTES, _DIGEST_BYTES = 16, 32
_ENTRY_BYTES = _KEY_BYTES + _DIGEST_BYTES
_MAGIC = b"visage digests 1\n"

_LOGGER = logging.getLogger(__name__)


class FileDigests:
    """Computes digests of files, or returns the remembered one of a file with the same path, times, size and inode."""

    def __init__(self, what: str, remembered: dict[bytes, bytes] | None = None) -> None:
        """Takes what the files are, for the progress of long reads, and the digests of earlier calls by key."""
        self._what = what
        self._remembered = remembered or {}
        self._bytes = 0
        self.trusted: dict[bytes, bytes] = {}
        """What a later call may use: the files of this call that nothing has changed for a while."""

    def of(self, path: Path) -> str:
        """Returns the SHA-256 of a file, 64 hexadecimal digits.

        Raises:
            OSError: the file cannot be read.
        """
        key, changed_ns = _state(path)
        digest = self._remembered.get(key)
        started = time.time_ns()
        if digest is None:
            digest = self._read(path)
            stays = _state(path)[0] == key and changed_ns < started - _TRUSTED_AFTER_NS
        else:
            stays = True
        if stays:
            self.trusted[key] = digest
        return digest.hex()

    def _read(self, path: Path) -> bytes:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                self._bytes += len(block)
                if self._bytes // _REPORT_EVERY > (self._bytes - len(block)) // _REPORT_EVERY:
                    progress.report(f"look for changes in {self._what}, MiB", self._bytes // 2**20)
        return digest.digest()


@contextmanager
def remembered_digests(memo: Path | None, what: str) -> Iterator[FileDigests]:
    """Yields digests that are remembered in a file; one that is missing, damaged or cannot be written is no error.

    Args:
        memo: the file; its folder is created. None: nothing is remembered.
        what: as `FileDigests` takes it.
    """
    remembered = {} if memo is None else _read_memo(memo)
    digests = FileDigests(what, remembered)
    yield digests
    if memo is not None and digests.trusted.keys() != remembered.keys():
        try:
            memo.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(memo, _with_checksum(_MAGIC + b"".join(map(b"".join, digests.trusted.items()))))
        except (OSError, VisageError) as error:
            _LOGGER.info("the digests of %s cannot be remembered: %s", what, error)


def _state(path: Path) -> tuple[bytes, int]:
    """Returns a key that a change of the file changes, and the newer one of its times, in nanoseconds."""
    status = path.stat()
    numbers = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    key = hashlib.blake2b(os.fsencode(path) + repr(numbers).encode(), digest_size=_KEY_BYTES).digest()
    return key, max(status.st_mtime_ns, status.st_ctime_ns)


def _read_memo(memo: Path) -> dict[bytes, bytes]:
    try:
        content = memo.read_bytes()
    except OSError:
        return {}
    entries = content[len(_MAGIC) : -_DIGEST_BYTES]
    if _with_checksum(content[:-_DIGEST_BYTES]) != content or not content.startswith(_MAGIC):
        return {}
    return {
        entries[start : start + _KEY_BYTES]: entries[start + _KEY_BYTES : start + _ENTRY_BYTES]
        for start in range(0, len(entries), _ENTRY_BYTES)
    }


def _with_checksum(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()
