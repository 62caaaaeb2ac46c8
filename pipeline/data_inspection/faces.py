"""One face on the page: its labels and a small image."""

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
    """Key, age in years, age group, gender and race; None where the source does not say."""
    return {
        "key": record.key,
        "age": None if record.age is None or not math.isfinite(record.age) else round(record.age, 1),
        "age_group": None if record.age_group is None else AGE_GROUPS[record.age_group],
        "gender": record.gender,
        "race": record.race,
    }


def face(record: FaceRecord) -> dict[str, Any]:
    """`labels` and either a `image` (a data URI) or the `problem` that there is none for."""
    return {**labels(record), **thumbnail(record.image)}


def unreadable(key: str, problem: str) -> dict[str, Any]:
    """A `face` of which nothing but the key is known."""
    return {"key": key, "picture": None, "problem": problem}


def thumbnail(image: bytes) -> dict[str, str | None]:
    """A `image` as a data URI of at most THUMBNAIL_SIDE pixels a side, or the `problem` with it."""
    try:
        scaled = Image.fromarray(decode(image, THUMBNAIL_SIDE))
    except DecodeError as error:
        return {"picture": None, "problem": error.reason}
    scaled.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    file = io.BytesIO()
    scaled.save(file, "JPEG", quality=_QUALITY)
    return {"picture": "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(), "problem": None}
