"""Counts the records of a split that show images or people of other splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from visage.data.examples import read_records
from visage.data.labels import UNKNOWN


@dataclass(frozen=True)
class Overlap:
    """The number of records of a split, and of those that show an image or a person of the other splits."""

    records: int
    shared: int


def overlap(examples: Path, split: str, others: Path, other_splits: Sequence[str]) -> Overlap:
    """Compares a split with splits of other examples, by the digests of the images and by the people.

    Args:
        examples: folder that FaceExampleGen wrote.
        split: of these.
        others: the other folder.
        other_splits: of those; an empty one counts nothing.

    Raises:
        VisageError: a split is missing or damaged.
    """
    images: set[str] = set()
    people: set[str] = set()
    for other_split in other_splits:
        for record in read_records(others, other_split):
            images.add(record.image_digest)
            people.add(record.identity)
    # Records of older versions have no digest.
    images.discard("")
    people.discard(UNKNOWN)
    records = shared = 0
    for record in read_records(examples, split):
        records += 1
        shared += record.image_digest in images or record.identity in people
    return Overlap(records, shared)
