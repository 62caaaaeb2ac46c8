"""Defines a detected face."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Face:
    """One detected face.

    Attributes:
        box: (x0, y0, x1, y1) in pixels; it may reach outside the image.
        landmarks: float32 (5, 2), pixels (x, y): right eye centre (the person's own right, so image left), left eye
            centre, nose tip, right mouth corner, left mouth corner.
        score: 0..1, score of the detector.
        presence: 0..1, confidence of a second network that there is a face; 1 without such a network.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float
    presence: float

    @property
    def size(self) -> float:
        """Returns the box's longer side in pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)
