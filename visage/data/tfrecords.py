"""Reads and writes TFRecord files, with neither TensorFlow nor Beam.

A record is its length in bytes (uint64, little-endian), the masked CRC-32C of those eight bytes (uint32), the bytes of
the record, and their masked CRC-32C. A file is records one after another.

Source: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

import gzip
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import google_crc32c

# A length and its checksum, the record, the record's checksum.
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# TFRecord's mask, which allows checksums of data that contains checksums.
_MASK = 0xA282EAD8


class Readable(Protocol):
    """A source of records."""

    def read(self, size: int, /) -> bytes:
        """Returns the next `size` bytes, or fewer at the end."""


class Writable(Protocol):
    """A destination of records."""

    def write(self, content: bytes, /) -> object:
        """Writes all of `content`."""


def write_record(file: Writable, record: bytes) -> None:
    """Writes a record.

    >>> import io
    >>> file = io.BytesIO()
    >>> write_record(file, b"a face")
    >>> read_at(file, offset=0)
    b'a face'
    """
    length = _LENGTH.pack(len(record))
    file.write(length + _checksum(length) + record + _checksum(record))


def read_record(file: Readable) -> bytes | None:
    """Reads the next record; returns None at the end of the file.

    Raises:
        EOFError: the record is cut short.
        ValueError: a checksum does not hold.
    """
    start = file.read(_LENGTH.size)
    if not start:
        return None
    (length,) = _LENGTH.unpack(_checked(start, _LENGTH.size, file))
    return _checked(file.read(length), length, file)


def read_at(file: IO[bytes], offset: int) -> bytes:
    """Reads the record that starts at `offset` of an uncompressed file.

    Raises:
        EOFError: the file has no complete record there.
        ValueError: a checksum does not hold.
    """
    file.seek(offset)
    record = read_record(file)
    if record is None:
        raise EOFError(f"the file ends before {offset}")
    return record


def read_all(path: Path) -> Iterator[bytes]:
    """Yields every record of a gzip file.

    Raises:
        OSError: the file is missing, or not a gzip file.
        EOFError: it is cut short.
        ValueError, zlib.error: it is damaged.
    """
    with gzip.open(path) as file:
        while (record := read_record(file)) is not None:
            yield record


def record_offsets(file: IO[bytes]) -> Iterator[int]:
    """Yields the offset of each record of an uncompressed file, reading the lengths alone.

    Raises:
        ValueError: the lengths do not lead to the end of the file.
    """
    end = file.seek(0, os.SEEK_END)
    offset = 0
    while offset < end:
        yield offset
        file.seek(offset)
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
        offset += _LENGTH.size + _CHECKSUM.size + length + _CHECKSUM.size
    # A damaged length may point anywhere.
    if offset != end:
        raise ValueError("the lengths of the records do not lead to the end of the file")


def _checked(part: bytes, size: int, file: Readable) -> bytes:
    """Returns `part` if it is complete and matches the checksum that follows it in `file`."""
    checksum = file.read(_CHECKSUM.size)
    if len(part) < size or len(checksum) < _CHECKSUM.size:
        raise EOFError("cut short")
    if checksum != _checksum(part):
        raise ValueError("its checksum does not hold")
    return part


def _checksum(part: bytes) -> bytes:
    checksum = google_crc32c.value(part)
    return _CHECKSUM.pack(((checksum >> 15 | checksum << 17) + _MASK) & 0xFFFFFFFF)
