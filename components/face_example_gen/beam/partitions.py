"""Rows that are to be compared with those of all other chunks, sorted into fractions of a size that fits into memory.

Rows stay in files that all workers reach; what moves between workers is where they lie. An engine's own shuffle would
do, but Beam's local one holds all that is shuffled in memory, in the runner and in the workers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from components.face_example_gen.beam.record_files import read_bytes, write_bytes


@dataclass(frozen=True)
class Slice:
    """Neighbouring rows of one file: the first one's number, and how many."""

    name: str
    first: int
    rows: int


def write_partitions(folder: str, name: str, rows: np.ndarray, partition: np.ndarray) -> Iterator[tuple[int, Slice]]:
    """Writes rows sorted by their share; yields each share and where its rows lie.

    Args:
        rows: a structured array [n].
        partition: int [n], the fraction of each row.

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
    """All rows of a file, [n] of `kind`."""
    return np.frombuffer(read_bytes(f"{folder}/{name}"), kind)


def read_partition(folder: str, slices: Iterable[Slice], kind: np.dtype) -> np.ndarray:
    """The rows of one share from all chunks, [n] of `kind`."""
    size = kind.itemsize
    parts = [read_bytes(f"{folder}/{found.name}", found.first * size, found.rows * size) for found in slices]
    return np.frombuffer(b"".join(parts), kind)
