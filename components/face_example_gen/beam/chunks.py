"""Chunks of prepared data sets, one for a worker at a time: positions in files, without images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from visage.data.tfrecords import read_record, record_offsets
from visage.errors import VisageError

_CHUNKS_PER_FILE = 2**16


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of one prepared file.

    Attributes:
        number: unique, and the same in every run over the same files; fits uint32.
        dataset: TFDS name of the records' data set.
        file: the TFRecord file.
        offset: start of the first record, in bytes.
        records: number of records.
        span: the span of the data set; '': there are no spans.
    """

    number: int
    dataset: str
    file: str
    offset: int
    records: int
    span: str = ""

    @property
    def name(self) -> str:
        """Returns the number in the form of file names, which sort like the chunks."""
        return f"{self.number:010d}"


class SplitIntoChunks(beam.DoFn):
    """Finds the chunks of a file by reading only the lengths of its records."""

    def __init__(self, records_a_chunk: int) -> None:
        self._size = records_a_chunk

    def process(self, element: tuple[int, str, str, str]) -> Iterator[Chunk]:
        """Yields the chunks of `element`: the number of the file, its data set, the span or '', its path.

        Raises:
            VisageError: the file is gone, empty or damaged.
        """
        number, dataset, span, path = element
        first = number * _CHUNKS_PER_FILE
        with _reading(path) as file:
            try:
                offsets = list(record_offsets(file))
            except ValueError as error:
                raise _damaged(path) from error
        if not offsets:
            raise _damaged(path)
        for place, start in enumerate(range(0, len(offsets), self._size)):
            count = min(self._size, len(offsets) - start)
            yield Chunk(first + place, dataset, path, offsets[start], count, span)


def read_chunk(chunk: Chunk) -> Iterator[tuple[int, bytes]]:
    """Yields offset in bytes and content of each record of the chunk.

    Raises:
        VisageError: the file is gone or damaged.
    """
    with _reading(chunk.file) as file:
        file.seek(chunk.offset)
        for _ in range(chunk.records):
            offset = file.tell()
            yield offset, _read_record(file, chunk.file)


def _reading(path: str) -> IO[bytes]:
    try:
        return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    except FileNotFoundError as error:
        raise _damaged(path, "gone") from error


def _read_record(file: IO[bytes], path: str) -> bytes:
    try:
        record = read_record(file)
    except (EOFError, ValueError) as error:
        raise _damaged(path) from error
    if record is None:
        raise _damaged(path)
    return bytes(record)


def _damaged(path: str, what: str = "damaged") -> VisageError:
    return VisageError(f"{path}: the prepared file is {what}; remove {PurePath(path).parent} and run again")
