"""Which of several faces an image is about."""

from collections.abc import Sequence

import numpy as np

from visage.faces.detector import Face

Box = tuple[float, float, float, float]

# On the 26 images of Adience's sample with several faces the runner-up weighs 0.53 of the chosen one at most.
AMBIGUOUS_FROM = 0.75
"""Where another face has this fraction of the best one's weight, or more, two are candidates."""


def choose(faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None = None) -> Face:
    """The face that is meant: the one that lies most where a box says, or else the largest and most central.

    Args:
        faces: those of the image.
        image_shape: (height, width, ...) of the image.
        box: x0, y0, x1, y1 in fractions of width and height, roughly round the face that is meant; None: nobody knows.
            A face weighs as much as it has in common with the box (intersection over union); without a box, as much
            as its area, less its fraction of distance from the image's middle.

    Raises:
        ValueError: there is no face to choose from: none at all, or none that touches the box.
    """
    weights = _weights(faces, image_shape, box)
    if not weights or max(weights) <= 0:
        raise ValueError("no face to choose from")
    return faces[int(np.argmax(weights))]


def two_candidates(faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None = None) -> bool:
    """Another face weighs nearly as much as the one that `choose` takes, see `AMBIGUOUS_FROM`; the same arguments."""
    weights = sorted(_weights(faces, image_shape, box), reverse=True)
    return len(weights) > 1 and weights[0] > 0 and weights[1] >= AMBIGUOUS_FROM * weights[0]


def _weights(faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None) -> list[float]:
    height, width = image_shape[:2]
    fractions = [np.divide(face.box, (width, height, width, height)) for face in faces]
    if box is None:
        return [_prominence(fraction) for fraction in fractions]
    return [_overlap(fraction, np.asarray(box)) for fraction in fractions]


def _prominence(box: np.ndarray) -> float:
    off_centre = np.hypot(*(box[:2] + box[2:] - 1)) / np.sqrt(2)
    # A face that is cut off at a corner counts for little, not for nothing.
    return float(np.prod(box[2:] - box[:2]) * max(0.01, 1 - off_centre))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    intersection = np.prod((np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])).clip(0))
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(intersection / (areas - intersection))
