"""Prepared data sets in pieces of a size that one worker takes at a time: places in files, no images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from visage.data.tfrecords import read_record, record_offsets
from visage.errors import VisageError

_CHUNKS_A_FILE = 2**16


@dataclass(frozen=True)
class Chunk:
    """Neighbouring records of one prepared file.

    Attributes:
        number: tells the chunk from all others, the same in every run over the same files; fits uint32.
        dataset: TFDS name of the records' data set.
        file: the TFRecord file.
        offset: where its first record begins, bytes.
        records: how many it holds.
    """

    number: int
    dataset: str
    file: str
    offset: int
    records: int

    @property
    def name(self) -> str:
        """Its number as it stands in file names; sorts as the chunks do."""
        return f"{self.number:010d}"


class SplitIntoChunks(beam.DoFn):
    """Finds the chunks of a file; reads the lengths of its records alone."""

    def __init__(self, records_a_chunk: int) -> None:
        self._size = records_a_chunk

    def process(self, element: tuple[int, str, str]) -> Iterator[Chunk]:
        """`element`: the file's own number, its data set, its path.

        Raises:
            VisageError: the file is gone, empty or damaged.
        """
        number, dataset, path = element
        first = number * _CHUNKS_A_FILE
        with _reading(path) as file:
            try:
                offsets = list(record_offsets(file))
            except ValueError as error:
                raise _damaged(path) from error
        if not offsets:
            raise _damaged(path)
        for place, start in enumerate(range(0, len(offsets), self._size)):
            count = min(self._size, len(offsets) - start)
            yield Chunk(first + place, dataset, path, offsets[start], count)


def read_chunk(chunk: Chunk) -> Iterator[tuple[int, bytes]]:
    """Yields offset and bytes of each of the chunk's records.

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
    return VisageError(f"{path}: a prepared file is {what}: remove {PurePath(path).parent} and run again")
