"""Aligns a face in a photo to a crop in which the eyes have a fixed position."""

import numpy as np

from visage.faces.settings import AlignmentSettings
from visage.faces.warp import warp

# A crop may exceed an image that is cut tightly around its face, but not by far, and it must fit into memory.
MAX_CROP_SHARE = 2.0
MAX_CROP_SIDE = 12_000


def similarity(landmarks: np.ndarray, settings: AlignmentSettings) -> np.ndarray:
    """Returns the similarity transform (rotation, scale, shift) that maps the eye centres to their places in the crop.

    The places are `eye_middle` -/+ half the `eye_distance`, in fractions of the side, on one horizontal line.
    Fits to eyes and mouth align faces less exactly, so nose and mouth are not used.

    Args:
        landmarks: (5, 2) or more rows, pixels (x, y) of the photo: right eye (image left), left eye, ...
        settings: the crop's geometry.

    Returns:
        float64 (2, 3), maps photo (x, y, 1) to crop (x, y); (0, 0) is the outer corner of the first pixel in both.

    Raises:
        ValueError: the eye centres are not finite or fall together.
    """
    right_eye, left_eye = np.asarray(landmarks, np.float64)[:2]
    across = left_eye - right_eye
    distance = float(np.hypot(*across))
    if not np.isfinite(distance) or distance < 1e-3:
        raise ValueError(f"no crop can be aligned to the eye centres {right_eye} and {left_eye}")
    scale = settings.size * settings.eye_distance / distance
    cosine, sine = across / distance * scale
    turn = np.array([[cosine, sine], [-sine, cosine]])
    shift = np.array(settings.eye_middle) * settings.size - turn @ ((right_eye + left_eye) / 2)
    return np.column_stack([turn, shift])


def align(image: np.ndarray, landmarks: np.ndarray, settings: AlignmentSettings) -> np.ndarray:
    """Cuts the face out of the photo, upright and scaled; outside the photo its edge pixels repeat.

    Args:
        image: uint8 (height, width, 3) RGB.
        landmarks: (5, 2) pixels (x, y) of `image`, see `similarity`.
        settings: the crop's geometry.

    Returns:
        uint8 (size, size, 3) RGB.

    Raises:
        ValueError: the eye centres are not finite, fall together, or are so far apart that the crop would be more than
            `MAX_CROP_SHARE` times as wide as the image, or than `MAX_CROP_SIDE` pixels.
    """
    height, width = image.shape[:2]
    distance = float(np.hypot(*(np.asarray(landmarks, np.float64)[1] - landmarks[0])))
    if distance > settings.eye_distance * min(MAX_CROP_SHARE * max(width, height), MAX_CROP_SIDE):
        raise ValueError(f"eye centres {distance:.0f} pixels apart do not fit a {width}x{height} image")
    return warp(image, similarity(landmarks, settings), settings.size)
