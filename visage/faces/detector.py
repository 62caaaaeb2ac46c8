"""Where the faces of an image are: what every detector answers, and how one is made by its name."""

import importlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visage.errors import VisageError, quoted
from visage.faces.detectors import DETECTORS


@dataclass(frozen=True)
class Face:
    """One found face.

    Attributes:
        box: (x0, y0, x1, y1) in pixels; it may reach outside the image.
        landmarks: float32 (5, 2), pixels (x, y): right eye centre (the person's own right, so image left), left eye
            centre, nose tip, right mouth corner, left mouth corner.
        score: 0..1, the detector's.
        presence: 0..1: that there is a face at all, by whatever looked at it a second time; 1 where nothing did.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float
    presence: float

    @property
    def size(self) -> float:
        """The box's longer side in pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)


class Detector(Protocol):
    """Finds the faces of an image."""

    def detect(self, image: np.ndarray) -> list[Face]:
        """The faces in uint8 (height, width, 3) RGB pixels, best score first; empty where there is none."""


def make_detector(name: str) -> Detector:
    """The detector of that name; it cannot be pickled and belongs to one thread.

    Raises:
        VisageError: the name is unknown, or what the detector needs is not installed.
    """
    if name not in DETECTORS:
        raise VisageError(f"there is no face detector {quoted(name)}: use {' or '.join(map(repr, DETECTORS))}")
    module = importlib.import_module(f"visage.faces.detectors.{name}")
    detector: Detector = getattr(module, DETECTORS[name])()
    return detector
