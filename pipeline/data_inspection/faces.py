"""Makes the labels and the thumbnail of a face on the page."""

import math
from typing import Any

from visage.data.labels import AGE_GROUPS
from visage.data.records import FaceRecord
from visage.faces.image_io import DecodeError
from visage.html.thumbnail import thumbnail


def labels(record: FaceRecord) -> dict[str, Any]:
    """Returns key, age in years, age label, age group, gender and race; None if the age is unknown."""
    return {
        "key": record.key,
        "age": None if record.age is None or not math.isfinite(record.age) else round(record.age, 1),
        "age_label": None if record.age_label is None else str(record.age_label),
        "age_group": None if record.age_group is None else AGE_GROUPS[record.age_group],
        "gender": record.gender,
        "race": record.race,
    }


def face(record: FaceRecord) -> dict[str, Any]:
    """Returns `labels`, and either `picture` (a data URI) or the `problem` with the image."""
    return {**labels(record), **picture_of(record.image)}


def unreadable(key: str, problem: str) -> dict[str, Any]:
    """Returns a `face` of which only the key is known."""
    return {"key": key, "picture": None, "problem": problem}


def picture_of(image: bytes) -> dict[str, str | None]:
    """Returns `picture`, a data URI, or the `problem` with the image."""
    try:
        return {"picture": thumbnail(image), "problem": None}
    except DecodeError as error:
        return {"picture": None, "problem": error.reason}
