"""Partitions of the rows of all chunks, each of a size that fits into memory, for comparisons across chunks.

The rows stay in files that all workers can read; only their positions are shuffled. Shuffling the rows themselves would
be simpler, but Beam's local engine keeps all shuffled data in memory, in the runner and in the workers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from components.face_example_gen.beam.record_files import read_bytes, write_bytes


@dataclass(frozen=True)
class Slice:
    """Consecutive rows of one file: index of the first one, and number."""

    name: str
    first: int
    rows: int


def write_partitions(folder: str, name: str, rows: np.ndarray, partition: np.ndarray) -> Iterator[tuple[int, Slice]]:
    """Writes rows sorted by partition; yields each partition and the slice of its rows.

    Args:
        folder: folder of the file.
        name: name of the file.
        rows: structured array [n].
        partition: int [n], the partition of each row.

    Raises:
        VisageError: the file cannot be written.
    """
    order = np.argsort(partition, kind="stable")
    write_bytes(folder, name, rows[order].tobytes())
    first = 0
    for number, count in zip(*np.unique(partition, return_counts=True), strict=True):
        yield int(number), Slice(name, first, int(count))
        first += int(count)


def read_rows(folder: str, name: str, kind: np.dtype) -> np.ndarray:
    """Returns all rows of a file, [n] of `kind`."""
    return np.frombuffer(read_bytes(f"{folder}/{name}"), kind)


def read_partition(folder: str, slices: Iterable[Slice], kind: np.dtype) -> np.ndarray:
    """Returns the rows of one partition from all chunks, [n] of `kind`."""
    size = kind.itemsize
    parts = [read_bytes(f"{folder}/{found.name}", found.first * size, found.rows * size) for found in slices]
    return np.frombuffer(b"".join(parts), kind)
