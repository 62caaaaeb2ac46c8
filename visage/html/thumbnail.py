"""Makes the small images of faces that pages show."""

import base64
import io

from PIL import Image

from visage.faces.image_io import decode

# Pixels; the longer side. Pages show a thumbnail at this size.
SIDE = 96
_QUALITY = 82


def thumbnail(image: bytes) -> str:
    """Returns an image as the data URI of a JPEG of at most SIDE pixels a side.

    Raises:
        visage.faces.image_io.DecodeError: the bytes are no image that can be decoded.
    """
    scaled = Image.fromarray(decode(image, SIDE))
    scaled.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    scaled.save(file, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
