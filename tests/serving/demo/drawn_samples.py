"""Draws the samples of the demo page: `python -m tests.serving.demo.drawn_samples FOLDER` writes their files."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from tfds_builders.sample_portraits.image import place
from tfds_builders.sample_portraits.person import Person, draw_person
from tfds_builders.sample_portraits.photo import Sitter, take_photo

_PORTRAIT = (320, 400)
_GROUP = (720, 400)


def draw_samples() -> dict[str, Image.Image]:
    """Returns the drawings by the name of their file, which has the ages that were drawn."""
    people = {
        "girl-5.jpg": (5.0, _person(11, "female")),
        "man-28.jpg": (28.0, _person(12, "male", beard=0.0)),
        "woman-41.jpg": (41.0, _person(13, "female")),
        "man-74.jpg": (74.0, _person(14, "male", glasses=True)),
    }
    drawings = {
        name: _draw(_PORTRAIT, [place(person, age, _PORTRAIT, 0.26, (0.5, 0.44), 3.0)])
        for name, (age, person) in people.items()
    }
    group = [
        place(person, age, _GROUP, 0.13, middle, tilt)
        for (age, person), middle, tilt in zip(
            people.values(),
            [(-0.15, 0.56), (0.28, 0.4), (0.78, 0.42), (1.2, 0.38)],
            [-6.0, 4.0, -3.0, 2.0],
            strict=True,
        )
    ]
    return {**drawings, "group-of-four.jpg": _draw(_GROUP, group)}


def jpeg(drawing: Image.Image) -> bytes:
    """Returns the content of a sample's file."""
    file = io.BytesIO()
    drawing.save(file, "JPEG", quality=85)
    return file.getvalue()


def _person(seed: int, gender: str, beard: float | None = None, glasses: bool = False) -> Person:
    rng = np.random.default_rng(seed)
    person = draw_person(rng)
    while person.gender != gender:
        person = draw_person(rng)
    return replace(person, beard=person.beard if beard is None else beard, glasses=glasses)


def _draw(size: tuple[int, int], sitters: list[Sitter]) -> Image.Image:
    return take_photo(*size, sitters, np.random.default_rng(5))


if __name__ == "__main__":
    for name, drawing in draw_samples().items():
        (Path(sys.argv[1]) / name).write_bytes(jpeg(drawing))
