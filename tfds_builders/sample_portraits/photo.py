"""Takes the photo: background, shoulders, the person, light, blur, noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from tfds_builders.sample_portraits.canvas import Canvas, closed_curve, darker, ellipse, open_curve
from tfds_builders.sample_portraits.face import paint_face
from tfds_builders.sample_portraits.hair import paint_beard, paint_hair_behind, paint_hair_in_front
from tfds_builders.sample_portraits.person import SKIN_TONES, Person, grown
from tfds_builders.sample_portraits.proportions import Proportions, proportions


@dataclass(frozen=True)
class Sitter:
    """A person in a photo.

    Attributes:
        age: years.
        eye_distance: pixels between the eye centres.
        eye_middle: pixels (x, y) of the middle of the eyes.
        tilt: degrees, positive clockwise.
    """

    person: Person
    age: float
    eye_distance: float
    eye_middle: tuple[float, float]
    tilt: float

    def to_image(self) -> np.ndarray:
        """Returns the map from face coordinates to the photo's pixels, float [2, 3]."""
        angle = np.deg2rad(self.tilt)
        cos, sin = np.cos(angle) * self.eye_distance, np.sin(angle) * self.eye_distance
        return np.array([[cos, -sin, self.eye_middle[0]], [sin, cos, self.eye_middle[1]]])


def take_photo(width: int, height: int, sitters: Sequence[Sitter], rng: np.random.Generator) -> Image.Image:
    """Draws one RGB photo of `width` x `height` pixels with all sitters; without any, only the background."""
    canvas = Canvas(width, height)
    _paint_background(canvas, rng)
    for sitter in reversed(sitters):
        canvas.place_face(sitter.to_image())
        _paint_person(canvas, sitter.person, sitter.age, rng)
    return _develop(canvas.finish(), rng)


def _paint_person(canvas: Canvas, person: Person, age: float, rng: np.random.Generator) -> None:
    shape = proportions(person, age, turn=float(rng.uniform(-1, 1)))
    paint_hair_behind(canvas, person, age, shape, rng)
    _paint_shoulders(canvas, person, age, shape, rng)
    paint_face(canvas, person, age, shape, rng)
    paint_beard(canvas, person, age, shape, rng)
    paint_hair_in_front(canvas, person, age, shape, rng)
    if person.glasses and age > 5:
        _paint_glasses(canvas, shape, rng)


def _paint_background(canvas: Canvas, rng: np.random.Generator) -> None:
    base = rng.uniform(40, 220) + rng.normal(0, 22, 3)
    blobs = base + rng.normal(0, rng.uniform(4, 34), (6, 6, 1)) + rng.normal(0, 8, (6, 6, 3))
    canvas.background(Image.fromarray(blobs.clip(0, 255).astype(np.uint8)))


def _paint_shoulders(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    skin = SKIN_TONES[person.skin_tone]
    neck = 0.5 + grown(age) * (0.08 if person.female else 0.28)
    canvas.fill(np.array([(-neck, 0.8), (neck, 0.8), (neck + 0.1, 3.2), (-neck - 0.1, 3.2)]), darker(skin, 0.84))
    canvas.shade(ellipse(0, shape.chin + 0.12, neck, 0.14), -0.3)
    top = shape.chin + 0.45
    wide = 1.4 + grown(age) * (0.5 if person.female else 0.9)
    clothes = [(-neck - 0.05, top), (-wide, top + 0.5), (-wide - 0.3, 6.0), (wide + 0.3, 6.0), (wide, top + 0.5)]
    clothes += [(neck + 0.05, top), (0.0, top + float(rng.uniform(0.05, 0.6)))]
    colour = rng.uniform(30, 210) + rng.normal(0, 40, 3)
    canvas.fill(closed_curve(clothes), (float(colour[0]), float(colour[1]), float(colour[2])))


def _paint_glasses(canvas: Canvas, shape: Proportions, rng: np.random.Generator) -> None:
    frame_colour = darker((90, 80, 76), float(rng.uniform(0.2, 1.2)))
    for side in (-1.0, 1.0):
        lens = ellipse(side * 0.5, 0.03, 0.36, 0.27)
        canvas.stroke(np.concatenate([lens, lens[:1]]), frame_colour, 0.035)
        canvas.stroke(np.array([(side * 0.86, 0.0), (side * shape.temple, -0.04)]), frame_colour, 0.035)
    canvas.stroke(open_curve([(-0.15, 0.02), (0, -0.03), (0.15, 0.02)]), frame_colour, 0.035)


def _develop(pixels: np.ndarray, rng: np.random.Generator) -> Image.Image:
    height, width, _ = pixels.shape
    direction = rng.uniform(0, 2 * np.pi)
    across = np.cos(direction) * np.linspace(-1, 1, width, dtype=np.float32)
    down = np.sin(direction) * np.linspace(-1, 1, height, dtype=np.float32)
    light = rng.uniform(0.75, 1.1) * (1 + rng.uniform(0, 0.3) * (across + down[:, None]))
    lit = pixels * (light[..., None] * rng.uniform(0.92, 1.06, 3)).astype(np.float32)
    lit += rng.standard_normal((height, width, 1), np.float32) * np.float32(rng.uniform(1, 6))
    photo = Image.fromarray(np.clip(lit, 0, 255, out=lit).astype(np.uint8))
    blur = float(rng.uniform(-0.6, 1.1))
    return photo.filter(ImageFilter.GaussianBlur(blur)) if blur > 0.2 else photo
