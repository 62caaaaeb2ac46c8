"""Which of several faces a picture is about."""

from collections.abc import Sequence

import numpy as np

from components.faces.detect import Face


def choose(faces: Sequence[Face], image_shape: tuple[int, ...]) -> Face:
    """The largest and most central face: the one whose area, less its share of distance from the middle, is greatest.

    Args:
        faces: at least one.
        image_shape: (height, width, ...) of the picture.

    Raises:
        ValueError: there is no face to choose from.
    """
    height, width = image_shape[:2]

    def prominence(face: Face) -> float:
        x0, y0, x1, y1 = face.box
        off_centre = np.hypot((x0 + x1 - width) / width, (y0 + y1 - height) / height) / np.sqrt(2)
        return (x1 - x0) * (y1 - y0) * max(0.0, 1 - float(off_centre))

    return max(faces, key=prominence)
