"""One image of a drawn archive: its content, and its file."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from tfds_builders.sample_portraits.person import Person
from tfds_builders.sample_portraits.photo import Sitter, take_photo

Damage = Literal["", "truncated", "empty"]


@dataclass(frozen=True)
class DrawnImage:
    """An image to draw.

    Attributes:
        path: path below the folder of all archives.
        width: pixels.
        height: pixels.
        sitters: people in the image, the labelled one first; may be empty.
        seed: the same seed draws the same image.
        damage: damage of the file: '' none, 'truncated' half of it is lost, 'empty' all of it.
    """

    path: str
    width: int
    height: int
    sitters: tuple[Sitter, ...]
    seed: tuple[int, ...]
    damage: Damage = ""

    def write(self, folder: Path) -> None:
        """Draws the image and writes it below `folder`."""
        target = folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._contents())

    def _contents(self) -> bytes:
        if self.damage == "empty":
            return b""
        rng = np.random.default_rng(self.seed)
        contents = _jpeg(take_photo(self.width, self.height, self.sitters, rng), rng)
        return contents[: len(contents) // 2] if self.damage == "truncated" else contents


def place(
    person: Person, age: float, size: tuple[int, int], eye_distance: float, eye_middle: tuple[float, float], tilt: float
) -> Sitter:
    """Places a person in an image of `size` pixels; eye distance and middle are fractions of its shorter side."""
    side = min(size)
    middle = (size[0] / 2 + (eye_middle[0] - 0.5) * side, size[1] / 2 + (eye_middle[1] - 0.5) * side)
    return Sitter(person, age, eye_distance * side, middle, tilt)


def _jpeg(photo: Image.Image, rng: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=int(rng.integers(82, 96)))
    return stream.getvalue()
