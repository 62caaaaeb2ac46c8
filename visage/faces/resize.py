"""Resizes images that are crops already to the crop's size."""

import numpy as np
from PIL import Image


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Scales an image to a square, antialiased.

    Args:
        image: uint8 (height, width, 3) RGB.
        size: side of the output in pixels.

    Returns:
        uint8 (size, size, 3) RGB.
    """
    return np.array(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
