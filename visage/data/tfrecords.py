"""Reads TFRecord files: one record at its offset, or all of a compressed file.

With neither TensorFlow nor Beam, whose import takes longer than most inspections.
"""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import google_crc32c

# A length and its checksum, the record, the record's checksum.
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# TFRecord's mask, for checksums of what itself holds checksums.
_MASK = 0xA282EAD8


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_at(file: IO[bytes], offset: int) -> bytes:
    """The record that starts at `offset` of an uncompressed file.

    Raises:
        EOFError: no whole record is there.
        ValueError: a checksum does not hold.
    """
    file.seek(offset)
    record = _read(file)
    if record is None:
        raise EOFError(f"the file ends before {offset}")
    return record


def read_all(path: Path) -> Iterator[bytes]:
    """Every record of a gzip file.

    Raises:
        OSError: the file is gone, or no gzip.
        EOFError: it is cut short.
        ValueError, zlib.error: it is damaged.
    """
    with gzip.open(path) as file:
        while (record := _read(file)) is not None:
            yield record


def _read(file: _Readable) -> bytes | None:
    start = file.read(_LENGTH.size)
    if not start:
        return None
    (length,) = _LENGTH.unpack(_checked(start, _LENGTH.size, file))
    return _checked(file.read(length), length, file)


def _checked(part: bytes, size: int, file: _Readable) -> bytes:
    """`part`, if it is whole and the checksum that follows it in `file` is its own."""
    checksum = file.read(_CHECKSUM.size)
    if len(part) < size or len(checksum) < _CHECKSUM.size:
        raise EOFError("cut short")
    if _CHECKSUM.unpack(checksum) != (_masked(google_crc32c.value(part)),):
        raise ValueError("its checksum does not hold")
    return part


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + _MASK) & 0xFFFFFFFF
