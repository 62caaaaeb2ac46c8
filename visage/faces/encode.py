"""Encodes pixels as the bytes of a JPEG image."""

import io

import numpy as np
from PIL import Image


def encode(image: np.ndarray, quality: int = 95) -> bytes:
    """Encodes uint8 (height, width, 3) RGB pixels as a JPEG of `quality` 1..100, colour at full resolution."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()
