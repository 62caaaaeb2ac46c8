"""Finds faces with MTCNN, the detector of most published systems, which is slow and needs TensorFlow.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", arXiv:1604.02878,
in the package `mtcnn`, which contains the weights.
"""

from typing import Any

import numpy as np

from visage.errors import VisageError
from visage.extras import check_installed, set_up_with
from visage.faces.face import Face

# The first network's window is 12 pixels; the package fails on smaller images.
_MIN_SIDE = 24
# The package's `left` and `right` are those of the image.
_KEYPOINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


class MtcnnDetector:
    """MTCNN with the defaults of its package."""

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
        """Finds faces as described in `visage.faces.detector.Detector`."""
        if min(image.shape[:2]) < _MIN_SIDE:
            return []
        found = self._mtcnn.detect_faces(np.ascontiguousarray(image)) or []
        return sorted((_face(detection) for detection in found), key=lambda face: -face.score)


def _face(detection: dict[str, Any]) -> Face:
    x, y, width, height = (float(number) for number in detection["box"])
    landmarks = np.array([detection["keypoints"][name] for name in _KEYPOINTS], np.float32)
    return Face((x, y, x + width, y + height), landmarks, float(detection["confidence"]), presence=1.0)
