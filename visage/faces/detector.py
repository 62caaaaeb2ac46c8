"""Defines the interface of face detectors and creates them by name."""

import importlib
from typing import Protocol

import numpy as np

from visage.errors import VisageError, quoted
from visage.faces.detectors import DETECTORS
from visage.faces.face import Face


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
