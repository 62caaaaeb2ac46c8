"""Reads an image at repeatedly halved resolutions, for networks whose input is few pixels of a part of it."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class View:
    """A square part of an image, rotated by quarter turns; it may reach outside the image.

    Attributes:
        left, top, side: pixels of the image.
        turns: quarter turns by which the part is rotated counter-clockwise.
    """

    left: float
    top: float
    side: float
    turns: int = 0

    def with_margin(self, fraction: float) -> "View":
        """Returns the view widened on all sides by a fraction of its side."""
        by = self.side * fraction
        return replace(self, left=self.left - by, top=self.top - by, side=self.side + 2 * by)

    def turned(self, turns: int) -> "View":
        """Returns the same part, rotated by a number of further quarter turns."""
        return replace(self, turns=turns)

    def in_image(self, points: np.ndarray) -> np.ndarray:
        """Returns pixels (x, y) of the image for points (..., 2) in fractions of the rotated part's side."""
        for _ in range(self.turns):
            points = np.stack([1 - points[..., 1], points[..., 0]], -1)
        return points * self.side + (self.left, self.top)


class Pyramid:
    """The resolutions of an image, of which parts are read antialiased at little more than the cost of their pixels.

    Coordinates are continuous, (0, 0) is the outer corner of the first pixel.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.height, self.width = image.shape[:2]
        self._levels = [Image.fromarray(image)]

    def seen(self, view: View, size: int) -> np.ndarray:
        """Returns a view in size x size pixels, black outside the image: uint8 (size, size, 3)."""
        level, halvings = self._level(view.side / size)
        scale = size / view.side
        # The part of the view inside the image: in whole pixels of the output, then exactly in the image.
        left, right = _pixels(-view.left * scale, (self.width - view.left) * scale, size)
        top, bottom = _pixels(-view.top * scale, (self.height - view.top) * scale, size)
        corners = np.array([left, top, right, bottom]) / scale + (view.left, view.top, view.left, view.top)
        limits = (self.width, self.height, self.width, self.height)
        box = np.minimum(corners.clip(0, limits) / 2**halvings, (*level.size, *level.size))
        pixels = np.zeros((size, size, 3), np.uint8)
        inside = level.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=tuple(box.tolist()))
        pixels[top:bottom, left:right] = np.asarray(inside)
        return np.rot90(pixels, view.turns)

    def cut(self, to_image: np.ndarray, size: int) -> np.ndarray:
        """Resamples the image under `to_image` (2, 3), from result to image; black outside: uint8 (size, size, 3)."""
        level, halvings = self._level(float(np.hypot(*to_image[0, :2])))
        to_level = (to_image / 2**halvings).ravel().tolist()
        cut = level.transform((size, size), Image.Transform.AFFINE, to_level, Image.Resampling.BILINEAR)
        return np.asarray(cut)

    def _level(self, step: float) -> tuple[Image.Image, int]:
        """Returns the image halved until `step` of its pixels become one or two, and the number of halvings."""
        halvings = max(0, int(np.floor(np.log2(max(step, 1.0)))))
        while len(self._levels) <= halvings and min(self._levels[-1].size) > 1:
            self._levels.append(self._levels[-1].reduce(2))
        halvings = min(halvings, len(self._levels) - 1)
        return self._levels[halvings], halvings


def _pixels(low: float, high: float, size: int) -> tuple[int, int]:
    """Returns the whole pixels from `low` to `high` within 0..size, at least one."""
    start = min(max(0, round(low)), size - 1)
    return start, max(start + 1, min(size, round(high)))
