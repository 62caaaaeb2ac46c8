"""Measures what may make a face hard to judge: its size, blur, light and roll."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FaceQuality:
    """Measures of one face, each exactly a float32; None is unknown.

    `face_size` and `roll` describe the face in its photo, so they are unknown where no detector located the eyes.
    `blur` and `light` describe the crop, and are always known.

    Attributes:
        face_size: distance between the eye centres in pixels of the photo, over 0.
        blur: variance of the crop's Laplacian, 0 (uniform) to 1,040,400; a lower value is a more blurred face. It
            depends on the crop's size, so it is comparable among crops of one geometry alone.
        light: mean grey level of the crop, 0 (black) to 255 (white).
        roll: angle of the line from the right eye (image left) to the left eye in the photo, degrees from -180 to 180;
            0 is level, and a positive angle is clockwise as the viewer sees it.
    """

    face_size: float | None
    blur: float
    light: float
    roll: float | None


def measure_quality(grey: np.ndarray, landmarks: np.ndarray | None) -> FaceQuality:
    """Measures a face.

    Sums are of integers, so the result depends neither on their order nor on the number of threads. Where a crop
    reaches outside its photo, its repeated edge pixels count as the others do.

    Source of `blur`: J. L. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.

    Args:
        grey: uint8 (height, width), grey levels of the aligned crop; each side has at least 3 pixels.
        landmarks: (5, 2), pixels (x, y) of the upright photo: right eye centre (image left), left eye centre, ...;
            None: the photo is a crop already, and nobody located the eyes.
    """
    face_size, roll = (None, None) if landmarks is None else size_and_roll(landmarks)
    return FaceQuality(face_size, _blur(grey), _float32(int(grey.sum(dtype=np.int64)) / grey.size), roll)


def size_and_roll(landmarks: np.ndarray) -> tuple[float, float]:
    """Returns `face_size` and `roll` of a face.

    Args:
        landmarks: (5, 2), as `measure_quality` takes them.
    """
    (right_x, right_y), (left_x, left_y) = landmarks[:2].tolist()
    across, down = left_x - right_x, left_y - right_y
    return _float32(math.hypot(across, down)), _float32(math.degrees(math.atan2(down, across)))


def _blur(grey: np.ndarray) -> float:
    """Returns the variance of the Laplacian (four neighbours less four times the pixel) over the inner pixels."""
    levels = grey.astype(np.int16)
    laplacian = levels[1:-1, 1:-1] * np.int16(-4)
    for neighbours in (levels[:-2, 1:-1], levels[2:, 1:-1], levels[1:-1, :-2], levels[1:-1, 2:]):
        laplacian += neighbours
    total = int(laplacian.sum(dtype=np.int64))
    squares = int(np.square(laplacian, dtype=np.int32).sum(dtype=np.int64))
    return _float32((laplacian.size * squares - total**2) / laplacian.size**2)


def _float32(value: float) -> float:
    # A tf.Example holds float32, so that a record equals what is read back.
    return float(np.float32(value))
