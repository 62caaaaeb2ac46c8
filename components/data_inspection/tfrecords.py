"""Reads TFRecord files with neither TensorFlow nor Beam: one record at its offset, or all of a compressed file."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

# A length of 8 bytes and its checksum, the record, the record's checksum.
_HEADER = struct.Struct("<QI")
_CHECKSUM_BYTES = 4
# Protocol buffers end at 2 GiB; a damaged length is told from a real one by it.
_MAX_BYTES = 2**31


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_at(file: IO[bytes], offset: int) -> bytes:
    """The record that starts at `offset` of an uncompressed file.

    Raises:
        EOFError: no whole record is there.
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
        zlib.error: it is damaged.
    """
    with gzip.open(path) as file:
        while (record := _read(file)) is not None:
            yield record


def _read(file: _Readable) -> bytes | None:
    header = file.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise EOFError("cut short")
    length, _ = _HEADER.unpack(header)
    body = file.read(length + _CHECKSUM_BYTES) if length < _MAX_BYTES else b""
    if len(body) < length + _CHECKSUM_BYTES:
        raise EOFError("cut short, or damaged")
    return body[:length]
