"""Finds faces with the cascade that most published systems align with: slow, and needs TensorFlow.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", arXiv:1604.02878,
in the package `mtcnn`, which carries the weights.
"""

from typing import Any

import numpy as np

from visage.errors import VisageError
from visage.extras import check_installed, set_up_with
from visage.faces.detector import Face

# The first network looks at windows of 12 pixels; the package fails on images that hold none.
_MIN_SIDE = 24
# `left` and `right` are the package's words for the sides of the image.
_KEYPOINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


class MtcnnDetector:
    """MTCNN as its package has it by default."""

    def __init__(self) -> None:
        check_installed("mtcnn", "alignment.detector")
        try:
            from mtcnn import MTCNN
        except ImportError as error:
            raise VisageError(
                f"alignment.detector: mtcnn: its package needs {error.name}; run `{set_up_with('mtcnn')}`"
            ) from error
        self._mtcnn = MTCNN()

    def detect(self, image: np.ndarray) -> list[Face]:
        """See `visage.faces.detector.Detector`."""
        if min(image.shape[:2]) < _MIN_SIDE:
            return []
        found = self._mtcnn.detect_faces(np.ascontiguousarray(image)) or []
        return sorted((_face(answer) for answer in found), key=lambda face: -face.score)


def _face(answer: dict[str, Any]) -> Face:
    x, y, width, height = (float(number) for number in answer["box"])
    landmarks = np.array([answer["keypoints"][name] for name in _KEYPOINTS], np.float32)
    return Face((x, y, x + width, y + height), landmarks, float(answer["confidence"]), presence=1.0)
