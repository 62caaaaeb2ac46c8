"""Runs the two kinds of network behind BlazeFaceDetector by LiteRT: boxes of faces, and the mesh of a face."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visage.faces.detectors.pyramid import Pyramid, View
from visage.faces.face import Face

_MODELS = Path(__file__).parent / "models"

# The logit of a score of one half.
_MIN_LOGIT = 0.0

# Degrees. A second pass over every face takes 0.7 ms of CPU more for each image and leaves 0.72° of tilt, not 0.76°.
TILT_LEFT = 2.0

_MESH_SIDE = 192
_MESH_MARGIN = 1.5
_EYES = np.array([[33, 133, 159, 145], [263, 362, 386, 374]])
_NOSE, _RIGHT_MOUTH_CORNER, _LEFT_MOUTH_CORNER = 1, 61, 291
_BELOW_EYES = [_NOSE, _RIGHT_MOUTH_CORNER, _LEFT_MOUTH_CORNER]


class BoxNetwork:
    """One BlazeFace network: the anchor of each grid cell yields one box with six points."""

    def __init__(self, model: str, side: int, grids: tuple[tuple[int, int], ...]):
        self._interpreter = _interpreter(model)
        self._input, (self._boxes, self._scores) = _tensors(self._interpreter)
        self._side = side
        self._anchors = np.concatenate([np.repeat(_cell_centres(cells), count, 0) for cells, count in grids])

    def __call__(self, pyramid: Pyramid, view: View) -> tuple[np.ndarray, np.ndarray]:
        """Returns rows x0, y0, x1, y1 and six points (x, y) in pixels, right and left eye first, and their scores."""
        pixels = pyramid.seen(view, self._side)
        values = np.divide(pixels[None], 127.5, dtype=np.float32)
        values -= 1
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()

        logits = self._interpreter.get_tensor(self._scores)[0, :, 0]
        sure = logits > _MIN_LOGIT
        scores = 1 / (1 + np.exp(-logits[sure]))
        rows, anchors = self._interpreter.get_tensor(self._boxes)[0][sure] / self._side, self._anchors[sure]
        centres, half = rows[:, :2] + anchors, rows[:, 2:4] / 2
        points = rows[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        in_image = view.in_image(np.concatenate([np.stack([centres - half, centres + half], 1), points], 1))
        corners = in_image[:, :2]
        ordered = np.concatenate([corners.min(1, keepdims=True), corners.max(1, keepdims=True), in_image[:, 2:]], 1)
        return ordered.reshape(-1, 16), scores


class Mesh:
    """The face-landmark network: 468 points and the presence of a face, from an upright crop."""

    def __init__(self, model: str):
        self._interpreter = _interpreter(model)
        self._input, (self._points, self._presence) = _tensors(self._interpreter)

    def __call__(self, pyramid: Pyramid, row: np.ndarray, score: float, min_presence: float) -> Face | None:
        """Returns the face in a box network's row; None if there is none.

        The first pass is levelled by the box network's approximate eyes. If its own eyes differ by `TILT_LEFT` or more,
        a second pass is levelled by them, which halves the tilt that the first one leaves.
        """
        box = _UprightBox((row[:2] + row[2:4]) / 2, float((row[2:4] - row[:2]).max()), row[6:8] - row[4:6])
        points, presence = self._look(pyramid, box)
        seen = _box_round(points)
        if presence >= min_presence and seen.tilt_against(box) >= TILT_LEFT:
            points, presence = self._look(pyramid, seen)
        if presence < min_presence:
            return None
        landmarks = np.concatenate([_eyes(points), points[_BELOW_EYES]])
        x0, y0, x1, y1 = (float(edge) for edge in row[:4])
        return Face((x0, y0, x1, y1), landmarks.astype(np.float32), score, presence)

    def _look(self, pyramid: Pyramid, box: "_UprightBox") -> tuple[np.ndarray, float]:
        to_image = box.crop_to_image()
        crop = pyramid.cut(to_image, _MESH_SIDE)
        self._interpreter.set_tensor(self._input, np.divide(crop[None], 255, dtype=np.float32))
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points).reshape(-1, 3)[:, :2].astype(np.float64)
        presence = 1 / (1 + np.exp(-float(self._interpreter.get_tensor(self._presence).ravel()[0])))
        return points @ to_image[:, :2].T + to_image[:, 2], float(presence)


@dataclass(frozen=True)
class _UprightBox:
    """A square around a face: its middle (x, y) and side in pixels, and the direction (x, y) from right to left eye."""

    middle: np.ndarray
    side: float
    across: np.ndarray

    def tilt_against(self, other: "_UprightBox") -> float:
        """Returns the angle between the directions of the eyes in degrees."""
        (x0, y0), (x1, y1) = self.across, other.across
        return abs(math.degrees(math.atan2(x0 * y1 - y0 * x1, x0 * x1 + y0 * y1)))

    def crop_to_image(self) -> np.ndarray:
        """Returns the map from crop (x, y, 1) to image (x, y), with level eyes and a margin around the box."""
        step = max(1.0, _MESH_MARGIN * self.side) / _MESH_SIDE
        turn = _levelling(self.across).T * step
        return np.column_stack([turn, self.middle - turn.sum(1) * (_MESH_SIDE / 2)])


def _box_round(points: np.ndarray) -> _UprightBox:
    right_eye, left_eye = _eyes(points)
    across = left_eye - right_eye
    turn = _levelling(across)
    level = points @ turn.T
    low, high = level.min(0), level.max(0)
    return _UprightBox((low + high) / 2 @ turn, float((high - low).max()), across)


def _levelling(across: np.ndarray) -> np.ndarray:
    """Returns the rotation (2, 2) that makes a direction (x, y) point to the right."""
    cosine, sine = across / max(1e-6, float(np.hypot(*across)))
    return np.array([[cosine, sine], [-sine, cosine]])


def _eyes(points: np.ndarray) -> np.ndarray:
    """Returns the centres (x, y) of the right and the left eye, [2, 2]."""
    centres: np.ndarray = points[_EYES].mean(1)
    return centres


def _cell_centres(cells: int) -> np.ndarray:
    ticks = (np.arange(cells) + 0.5) / cells
    return np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)


def _interpreter(model: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(_MODELS / model), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _tensors(interpreter: Any) -> tuple[int, list[int]]:
    """Returns the index of the input, and those of the outputs, the largest first."""
    outputs = sorted(
        interpreter.get_output_details(),
        key=lambda output: -int(np.prod(output["shape"])),
    )
    return interpreter.get_input_details()[0]["index"], [output["index"] for output in outputs]
