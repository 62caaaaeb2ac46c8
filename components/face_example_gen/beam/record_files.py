"""Files of records and of lines, written atomically."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import IO, cast

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.face_example_gen.beam import filesystem
from visage.data.tfrecords import read_record, write_record
from visage.errors import VisageError

# Stored only: any other level takes 0.3 ms a crop, as long as all the rest of a reused face, to make it 7 % smaller.
_GZIP_LEVEL = 0


def write_records(folder: str, name: str, records: Iterable[bytes]) -> None:
    """Writes a TFRecord file, compressed if its name ends in .gz.

    Raises:
        VisageError: it cannot be written.
    """
    _write(folder, name, records, write_record)


def write_lines(folder: str, name: str, lines: Iterable[bytes]) -> None:
    """Writes a text file of lines.

    Raises:
        VisageError: it cannot be written.
    """
    _write(folder, name, lines, lambda file, line: file.write(line + b"\n"))


def write_bytes(folder: str, name: str, content: bytes) -> None:
    """Writes a file.

    Raises:
        VisageError: it cannot be written.
    """
    _write(folder, name, [content], lambda file, part: file.write(part))


def read_bytes(path: str, offset: int = 0, length: int = -1) -> bytes:
    """Returns the part of a file that starts at `offset` and has `length` bytes; by default all of it."""
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.seek(offset)
        return bytes(file.read(length))


def read_records(path: str) -> Iterator[bytes]:
    """Yields the records that `write_records` wrote."""
    with FileSystems.open(path, compression_type=_compression(path)) as file:
        while (record := read_record(file)) is not None:
            yield record


def read_lines(path: str) -> Iterator[bytes]:
    """Yields the lines that `write_lines` wrote."""
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        for line in file:
            yield line.rstrip(b"\n")


def _write(folder: str, name: str, items: Iterable[bytes], write: Callable[[IO[bytes], bytes], object]) -> None:
    # The temporary file is in `folder`, not beside the target, because TFX reads all files in the folder of a split.
    target = f"{folder}/{name}"
    try:
        with filesystem.atomic_file(target, folder) as file, _compressing(name, file) as compressed:
            for item in items:
                write(compressed, item)
    except (OSError, BeamIOError) as error:
        raise VisageError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from error


def _compressing(name: str, file: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if _compression(name) == CompressionTypes.UNCOMPRESSED:
        return nullcontext(file)
    # Without name and time, so that the same records are the same bytes.
    return cast("AbstractContextManager[IO[bytes]]", gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0))


def _compression(name: str) -> str:
    return CompressionTypes.GZIP if name.endswith(".gz") else CompressionTypes.UNCOMPRESSED
