"""Makes the labels and the thumbnail of a face on the page."""

import base64
import io
import math
from typing import Any

from PIL import Image

from visage.data.labels import AGE_GROUPS
from visage.data.records import FaceRecord
from visage.faces.image_io import DecodeError, decode

# Pixels; the longer side of a thumbnail. The page shows it at this size.
THUMBNAIL_SIDE = 96
_QUALITY = 82


def labels(record: FaceRecord) -> dict[str, Any]:
    """Returns key, age in years, age group, gender and race; None if the age is unknown."""
    return {
        "key": record.key,
        "age": None if record.age is None or not math.isfinite(record.age) else round(record.age, 1),
        "age_group": None if record.age_group is None else AGE_GROUPS[record.age_group],
        "gender": record.gender,
        "race": record.race,
    }


def face(record: FaceRecord) -> dict[str, Any]:
    """Returns `labels`, and either `picture` (a data URI) or the `problem` with the image."""
    return {**labels(record), **thumbnail(record.image)}


def unreadable(key: str, problem: str) -> dict[str, Any]:
    """Returns a `face` of which only the key is known."""
    return {"key": key, "picture": None, "problem": problem}


def thumbnail(image: bytes) -> dict[str, str | None]:
    """Returns `picture`, a data URI of at most THUMBNAIL_SIDE pixels a side, or the `problem` with the image."""
    try:
        scaled = Image.fromarray(decode(image, THUMBNAIL_SIDE))
    except DecodeError as error:
        return {"picture": None, "problem": error.reason}
    scaled.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    file = io.BytesIO()
    scaled.save(file, "JPEG", quality=_QUALITY)
    return {"picture": "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(), "problem": None}
