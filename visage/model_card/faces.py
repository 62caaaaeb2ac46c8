"""Finds the images of the faces that the card shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from visage.data.records import from_example
from visage.evaluation.breakdowns import NotableFace
from visage.faces.image_io import DecodeError
from visage.html.thumbnail import thumbnail


def thumbnails(examples: Iterable[bytes], faces: Sequence[NotableFace]) -> dict[str, str]:
    """Returns the images of some test records, as data URIs by key.

    Args:
        examples: serialized records.
        faces: the wanted records. One that is not found, or whose image cannot be decoded, is left out.
    """
    # Sources may share a key; a record of another age is another one.
    wanted = {face.key: face.true_age for face in faces}
    found: dict[str, str] = {}
    for example in examples:
        if len(found) == len(wanted):
            break
        record = from_example(example)
        if record.age is not None and wanted.get(record.key) == record.age:
            with suppress(DecodeError):
                found[record.key] = thumbnail(record.image)
    return found
