"""Converts RGB pixels to grey levels."""

import numpy as np
from PIL import Image


def to_grey(image: np.ndarray) -> np.ndarray:
    """Returns the luma (19595 R + 38470 G + 7471 B) / 65536 of ITU-R 601-2, rounded, computed in integers.

    Args:
        image: uint8 (height, width, 3) RGB.

    Returns:
        uint8 (height, width).
    """
    return np.asarray(Image.fromarray(image).convert("L"))
