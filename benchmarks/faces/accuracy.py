"""Accuracy of face detection and of alignment."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.faces.images import Portrait, adience_portraits, group_photos, overlap, utkface_portraits
from benchmarks.published_files import WITHOUT_PEOPLE
from visage.faces.align import similarity
from visage.faces.detector import Detector
from visage.faces.face import Face
from visage.faces.image_io import decode
from visage.faces.selection import choose
from visage.faces.settings import AlignmentSettings

MIN_OVERLAP = 0.4
UTKFACE_COUNT, UTKFACE_SEED = 500, 5


@dataclass(frozen=True)
class Figure:
    """A measured value and its limit, both as printed."""

    name: str
    measured: str
    limit: str
    met: bool


def accuracy_figures(detector: Detector, data: Path, every: int = 1) -> list[Figure]:
    """Returns the detection figures on the images in `data`; of the portraits only one in `every`."""
    adience = adience_portraits(data)[::every]
    return [
        *_group_figures(detector, data),
        _nobody(detector, data),
        _found("Adience, main face", detector, adience, 0, 99.5),
        _found("Adience, main face, turned by 45°", detector, adience, 45, 98),
        _found("Adience, main face, turned by 90°", detector, adience, 90, 98),
        _found("UTKFace, main face", detector, utkface_portraits(data, UTKFACE_COUNT, UTKFACE_SEED)[::every], 0, 99.5),
    ]


def _group_figures(detector: Detector, data: Path) -> list[Figure]:
    annotated, found, false, rolls = 0, 0, 0, []
    for photo in group_photos(data):
        faces = detector.detect(decode(photo.path.read_bytes()))
        pairs = _one_to_one(faces, photo.boxes)
        annotated += len(photo.boxes)
        found += len(pairs)
        false += len(faces) - len(pairs)
        rolls += [_residual_roll(face, photo.eyes[number]) for face, number in pairs]
    median, p95 = np.percentile(rolls, (50, 95)).tolist()
    return [
        Figure("group photos, faces found at IoU >= 0.4", f"{found} of {annotated}", "all", found == annotated),
        Figure("group photos, false faces", str(false), "0", false == 0),
        Figure("group photos, roll left after alignment, median", f"{median:.2f}°", "<= 1.0°", median <= 1),
        Figure("group photos, roll left after alignment, 95 %", f"{p95:.2f}°", "<= 5.0°", p95 <= 5),
    ]


def _one_to_one(faces: Sequence[Face], boxes: np.ndarray) -> list[tuple[Face, int]]:
    """Returns pairs of a found face and the index of its annotated box, each used at most once, closest first."""
    overlaps = [(overlap(face.box, box), i, j) for i, face in enumerate(faces) for j, box in enumerate(boxes)]
    pairs: dict[int, int] = {}
    for fraction, i, j in sorted(overlaps, reverse=True):
        if fraction >= MIN_OVERLAP and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return [(faces[i], j) for i, j in pairs.items()]


def _residual_roll(face: Face, eyes: np.ndarray) -> float:
    """Returns the roll of the annotated eyes, in degrees, in the crop that the detected eyes define."""
    turn = similarity(face.landmarks, AlignmentSettings())[:, :2]
    across, down = turn @ (eyes[1] - eyes[0])
    return abs(float(np.degrees(np.arctan2(down, across))))


def _nobody(detector: Detector, data: Path) -> Figure:
    false = sum(len(detector.detect(decode((data / name).read_bytes()))) for name in WITHOUT_PEOPLE)
    return Figure("images without people, false faces", str(false), "0", false == 0)


def _found(name: str, detector: Detector, portraits: Sequence[Portrait], angle: float, limit: float) -> Figure:
    found = sum(_main_face_found(detector, _turned(decode(portrait.image), angle)) for portrait in portraits)
    fraction = 100 * found / len(portraits)
    return Figure(name, f"{fraction:.2f} % of {len(portraits)}", f">= {limit} %", fraction >= limit)


def _main_face_found(detector: Detector, image: np.ndarray) -> bool:
    """Returns whether the face that is chosen by default covers the centre of the image."""
    faces = detector.detect(image)
    if not faces:
        return False
    height, width = image.shape[:2]
    x0, y0, x1, y1 = choose(faces, image.shape).box
    return x0 <= width / 2 <= x1 and y0 <= height / 2 <= y1


def _turned(image: np.ndarray, angle: float) -> np.ndarray:
    if not angle:
        return image
    return np.asarray(Image.fromarray(image).rotate(angle, Image.Resampling.BICUBIC, expand=True))
