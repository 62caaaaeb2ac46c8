"""Defines the interface of face detectors and creates them by name."""

import importlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visage.errors import VisageError, quoted
from visage.faces.detectors import DETECTORS


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


class Detector(Protocol):
    """A detector of the faces in an image."""

    def detect(self, image: np.ndarray) -> list[Face]:
        """Returns the faces in uint8 (height, width, 3) RGB pixels, best score first; empty if there are none."""


def make_detector(name: str) -> Detector:
    """Creates the detector of that name; it cannot be pickled and belongs to one thread.

    Raises:
        VisageError: the name is unknown, or a package that the detector needs is not installed.
    """
    if name not in DETECTORS:
        raise VisageError(f"there is no face detector {quoted(name)}: use {' or '.join(map(repr, DETECTORS))}")
    module = importlib.import_module(f"visage.faces.detectors.{name}")
    detector: Detector = getattr(module, DETECTORS[name])()
    return detector
