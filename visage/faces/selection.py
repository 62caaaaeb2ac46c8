"""Selects the face that an image is about."""

from collections.abc import Sequence

import numpy as np

from visage.faces.face import Face

Box = tuple[float, float, float, float]

# On the 26 images of Adience's sample with several faces, the second face has at most 0.53 of the first's weight.
AMBIGUOUS_FROM = 0.75
"""If another face has at least this fraction of the best one's weight, both are candidates."""


def choose(faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None = None) -> Face:
    """Returns the face that overlaps a given box most, or without a box the largest and most central face.

    Args:
        faces: the faces of the image.
        image_shape: (height, width, ...) of the image.
        box: x0, y0, x1, y1 in fractions of width and height, roughly around the wanted face; None: unknown. With a box,
            a face's weight is their intersection over union, or 0 if it is not at the box: neither has its middle in
            the other. Without a box, it is the face's area, reduced by its distance from the image's middle.

    Raises:
        ValueError: there is no face, or none at the box.
    """
    weights = _weights(faces, image_shape, box)
    if not weights or max(weights) <= 0:
        raise ValueError("no face to choose from")
    return faces[int(np.argmax(weights))]


def two_candidates(faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None = None) -> bool:
    """Returns whether another face weighs nearly as much as the one of `choose`, see `AMBIGUOUS_FROM`."""
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
    # A face that is cut off at a corner keeps a small weight.
    return float(np.prod(box[2:] - box[:2]) * max(0.01, 1 - off_centre))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    # A least overlap would refuse right faces in wide boxes. On dlib's group photos, a neighbour overlaps a face's own
    # box by up to 0.11 and is never at it; all 43 faces are at theirs, and so are those of Adience and UTKFace.
    if not (_has_middle_of(one, other) or _has_middle_of(other, one)):
        return 0.0
    intersection = np.prod((np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])).clip(0))
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(intersection / (areas - intersection))


def _has_middle_of(one: np.ndarray, other: np.ndarray) -> bool:
    """Returns whether the middle of the second box is in the first."""
    middle = (other[:2] + other[2:]) / 2
    return bool(np.all((one[:2] <= middle) & (middle <= one[2:])))
