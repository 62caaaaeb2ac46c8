"""Finds faces with BlazeFace and the face-landmark mesh by LiteRT, without TensorFlow.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", arXiv:1907.05047;
Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", arXiv:1907.06724.
`models/README.md` names the sources of the models.
"""

import math
from collections.abc import Iterator

import numpy as np

from visage.faces.detectors.blazeface_networks import BoxNetwork, Mesh
from visage.faces.detectors.pyramid import Pyramid, View
from visage.faces.face import Face

MIN_PRESENCE = 0.5
# Tiles and retries on the whole image add chances of false positives.
MIN_PRESENCE_AT_MORE_LOOKS = 0.9
OVERLAP = 0.3
# In a tile, part of a face larger than this fraction of the tile's side may be detected as a face; it is dropped if so
# much of its area lies in the whole face.
TOO_LARGE = 0.6
INSIDE = 0.8
# As a fraction of the distance of the eyes.
SAME_EYES = 0.5

# Pixels; an image with a longer side is also searched in tiles, for faces too small in the whole image.
TILED_SIDE = 960
# Pixels; tiles of a very large image are larger, which limits their number along a side.
TILE_SIDE = 480
MAX_TILES = 8
# Tiles overlap by this fraction of their side, so that one of them contains a small face completely.
_TILE_OVERLAP = 0.2

# Degrees; a face with a larger tilt lies on its side.
LYING = 45.0


_Look = tuple[BoxNetwork, View]


class BlazeFaceDetector:
    """BlazeFace's short-range and full-range networks; the mesh confirms each face and locates its eyes."""

    def __init__(self) -> None:
        self._short_range = BoxNetwork("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)))
        self._full_range = BoxNetwork("face_detection_full_range_sparse.tflite", 192, ((48, 1),))
        self._mesh = Mesh("face_landmark.tflite")

    def detect(self, image: np.ndarray) -> list[Face]:
        """See `Detector.detect`.

        If nothing is found, a retry adds a black margin, for faces that fill their image; the next retries turn
        the image by a quarter, either way, for BlazeFace finds faces that are tilted by up to some 50°. It is turned,
        too, where a face lies on its side: there may be more of them.
        """
        pyramid = Pyramid(image)
        whole = _whole(pyramid)
        looks = [(self._short_range, whole), (self._full_range, whole), *self._tiles(pyramid)]
        faces = self._faces(pyramid, looks, MIN_PRESENCE)
        if any(_tilt(face) > LYING for face in faces):
            turned = [look for turns in (1, 3) for look in self._turned(whole, turns)]
            return self._faces(pyramid, looks + turned, MIN_PRESENCE_AT_MORE_LOOKS) or faces
        for looks in self._retries(whole):
            if faces:
                break
            faces = self._faces(pyramid, looks, MIN_PRESENCE_AT_MORE_LOOKS)
        return faces

    def _tiles(self, pyramid: Pyramid) -> Iterator["_Look"]:
        longer = max(pyramid.width, pyramid.height)
        if longer > TILED_SIDE:
            side = max(TILE_SIDE, longer / (1 + (MAX_TILES - 1) * (1 - _TILE_OVERLAP)))
            for left in _starts(pyramid.width, side):
                for top in _starts(pyramid.height, side):
                    yield self._full_range, View(left, top, side)

    def _retries(self, whole: View) -> Iterator[list["_Look"]]:
        yield [(self._short_range, whole.with_margin(0.25))]
        for turns in (1, 3):
            yield self._turned(whole, turns)
            yield [(self._short_range, whole.turned(turns).with_margin(0.25))]

    def _turned(self, whole: View, turns: int) -> list["_Look"]:
        return [(self._short_range, whole.turned(turns)), (self._full_range, whole.turned(turns))]

    def _faces(self, pyramid: Pyramid, looks: list["_Look"], min_presence: float) -> list[Face]:
        found = [network(pyramid, view) for network, view in looks]
        boxes = np.concatenate([rows for rows, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        # A face that is too large for a tile is found in the whole image.
        longer = max(pyramid.width, pyramid.height)
        fitting = [TOO_LARGE * view.side if view.side < longer else math.inf for _, view in looks]
        fits = np.repeat(fitting, [len(rows) for rows, _ in found])
        confirmed: list[tuple[Face, float]] = []
        for row, score, largest in _merge_overlapping(boxes, scores, fits):
            in_tiles_alone = math.isfinite(largest)
            face = self._mesh(pyramid, row, score, MIN_PRESENCE_AT_MORE_LOOKS if in_tiles_alone else min_presence)
            if face is not None and not any(_same_eyes(face, other) for other, _ in confirmed):
                confirmed.append((face, largest))
        return [
            face
            for face, largest in confirmed
            if not any(other.size > largest and _lies_in(face, other) for other, _ in confirmed if other is not face)
        ]


def _whole(pyramid: Pyramid) -> View:
    side = max(pyramid.width, pyramid.height)
    return View((pyramid.width - side) / 2, (pyramid.height - side) / 2, side)


def _starts(length: int, side: float) -> list[float]:
    """Returns the starts of tiles of length `side` that together cover a length; a single tile is centred."""
    if length <= side:
        return [(length - side) / 2]
    count = 1 + math.ceil((length - side) / (side * (1 - _TILE_OVERLAP)) - 1e-6)
    return np.linspace(0, length - side, count).tolist()


def _merge_overlapping(
    boxes: np.ndarray, scores: np.ndarray, fits: np.ndarray
) -> list[tuple[np.ndarray, float, float]]:
    """Merges boxes as BlazeFace does: those that overlap the best one become their score-weighted mean.

    Args:
        boxes: [n, 16], rows of the box networks.
        scores: [n].
        fits: [n], pixels; size of the largest face that fits the view in which they were found.

    Returns:
        Row, score and largest fit of each merged box, the best score first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores, fits = boxes[order], scores[order], fits[order]
    merged = []
    while len(scores):
        same = _intersection(boxes[0], boxes) > OVERLAP * _union(boxes[0], boxes)
        same[0] = True
        weights = scores[same, None]
        merged.append(((boxes[same] * weights).sum(0) / weights.sum(), float(scores[0]), float(fits[same].max())))
        boxes, scores, fits = boxes[~same], scores[~same], fits[~same]
    return merged


def _tilt(face: Face) -> float:
    """Returns the angle between the eyes and the horizontal in degrees, 0 to 180."""
    across, down = face.landmarks[1] - face.landmarks[0]
    return abs(math.degrees(math.atan2(down, across)))


def _same_eyes(face: Face, other: Face) -> bool:
    """Returns whether two boxes have the same eyes, as boxes of one tilted face may, with little overlap."""
    apart = np.hypot(*(face.landmarks[:2] - other.landmarks[:2]).mean(0))
    return bool(apart < SAME_EYES * np.hypot(*(other.landmarks[1] - other.landmarks[0])))


def _lies_in(face: Face, other: Face) -> bool:
    box = np.array(face.box)
    return float(_intersection(box, np.array([other.box]))[0]) > INSIDE * _area(box)


def _intersection(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    sides = np.minimum(box[2:4], boxes[:, 2:4]) - np.maximum(box[:2], boxes[:, :2])
    areas: np.ndarray = sides.clip(0).prod(1)
    return areas


def _union(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    areas: np.ndarray = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return _area(box) + areas - _intersection(box, boxes)


def _area(box: np.ndarray) -> float:
    return float((box[2:4] - box[:2]).prod())
