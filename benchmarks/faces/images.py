"""The published images for the face benchmarks, with the annotations of their authors."""

import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.published_files import ADIENCE_FACES, GROUP_PHOTOS, UTKFACE


@dataclass(frozen=True)
class GroupPhoto:
    """A photo of several people.

    Attributes:
        path: the file.
        boxes: float (faces, 4), pixels x0, y0, x1, y1.
        eyes: float (faces, 2, 2), pixels (x, y) of the right (image left) and the left eye: means of six points each.
    """

    path: Path
    boxes: np.ndarray
    eyes: np.ndarray


@dataclass(frozen=True)
class Portrait:
    """An image with the annotated face in its centre.

    Attributes:
        name: of the file.
        image: content of the file, JPEG.
    """

    name: str
    image: bytes


def group_photos(data: Path) -> list[GroupPhoto]:
    """Returns dlib's nine group photos with 43 annotated faces."""
    photos = []
    for annotations in (data / name for name in GROUP_PHOTOS):
        for element in ElementTree.parse(annotations).iter("image"):
            faces = list(element.iter("box"))
            boxes = np.array([_box(face) for face in faces], np.float64).reshape(-1, 4)
            eyes = np.array([_eyes(face) for face in faces], np.float64).reshape(-1, 2, 2)
            photos.append(GroupPhoto(annotations.parent / element.attrib["file"], boxes, eyes))
    return photos


def adience_portraits(data: Path) -> list[Portrait]:
    """Returns the sample of Adience's roughly upright faces, each cut with its face in the centre.

    The 68 landmarks of the data set are not used: those of seven images lie on a neighbour's face or on none.
    """
    files = _files_of(data / ADIENCE_FACES)
    return [Portrait(name, image) for name, image in files.items() if name.endswith(".jpg")]


def utkface_portraits(data: Path, count: int, seed: int) -> list[Portrait]:
    """Returns `count` random images of UTKFace, drawn with `seed`."""
    files = _files_of(data / UTKFACE)
    names = sorted(name for name in files if name.endswith(".jpg"))
    drawn = np.random.default_rng(seed).choice(names, count, replace=False)
    return [Portrait(str(name), files[str(name)]) for name in drawn]


def overlap(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float:
    """Returns the intersection over union of two boxes x0, y0, x1, y1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other))
    return float(width * height / (areas - width * height))


def _files_of(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: stream.read() for member in tar if (stream := tar.extractfile(member))}


def _box(face: ElementTree.Element) -> tuple[int, int, int, int]:
    left, top, width, height = (int(face.attrib[side]) for side in ("left", "top", "width", "height"))
    return left, top, left + width, top + height


def _eyes(face: ElementTree.Element) -> np.ndarray:
    points = np.array([[float(part.attrib["x"]), float(part.attrib["y"])] for part in face.iter("part")])
    return np.array([points[36:42].mean(0), points[42:48].mean(0)])
