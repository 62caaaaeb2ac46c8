"""The canvas of a face: polygons in the face's own coordinates, and maps of light and shade.

Face coordinates: the origin lies between the eyes, the unit is the distance of the eye centres, x points to the image's
right, y down.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tfds_builders.sample_portraits.person import Colour

SUPERSAMPLING = 2
_SOFT_SCALE = 4  # The soft map has a quarter of the painted resolution, because it is blurred.
_SOFT_NEUTRAL = 128
_FINE_NEUTRAL = 255

Points = np.ndarray


class Canvas:
    """An image of `width` x `height` pixels, painted at twice that size."""

    def __init__(self, width: int, height: int) -> None:
        """Starts with a black image of `width` x `height` pixels."""
        self.size = (width, height)
        self.place_face(np.array([[width / 4, 0, width / 2], [0, width / 4, height / 2]]))
        painted = (width * SUPERSAMPLING, height * SUPERSAMPLING)
        self._image = Image.new("RGB", painted)
        self._paint = ImageDraw.Draw(self._image)
        self._fine = Image.new("L", painted, _FINE_NEUTRAL)
        self._fine_paint = ImageDraw.Draw(self._fine)
        self._soft = Image.new("L", (painted[0] // _SOFT_SCALE, painted[1] // _SOFT_SCALE), _SOFT_NEUTRAL)
        self._soft_paint = ImageDraw.Draw(self._soft)

    def place_face(self, to_image: np.ndarray) -> None:
        """Sets the map from face coordinates to pixels of the finished image (float [2, 3]) for what follows."""
        self._affine = to_image * SUPERSAMPLING
        self.unit = float(np.hypot(*self._affine[:, 0]))

    def background(self, image: Image.Image) -> None:
        """Spreads a small image over the whole canvas."""
        self._image.paste(image.resize(self._image.size, Image.Resampling.BILINEAR))

    def fill(self, points: Points, colour: Colour) -> None:
        """Fills a polygon (float [n, 2]) and covers the creases below it."""
        pixels = self._pixels(points)
        self._paint.polygon(pixels, fill=_rgb(colour))
        self._fine_paint.polygon(pixels, fill=_FINE_NEUTRAL)

    def stroke(self, points: Points, colour: Colour, width: float) -> None:
        """Draws an open line of a width in face units."""
        self._paint.line(self._pixels(points), fill=_rgb(colour), width=self._thickness(width), joint="curve")

    def crease(self, points: Points, darkness: float, width: float) -> None:
        """Darkens a thin line; darkness 0 to 1."""
        value = int(_FINE_NEUTRAL * (1 - darkness))
        self._fine_paint.line(self._pixels(points), fill=value, width=self._thickness(width), joint="curve")

    def spot(self, points: Points, darkness: float) -> None:
        """Darkens a small sharp-edged area; darkness 0 to 1."""
        self._fine_paint.polygon(self._pixels(points), fill=int(_FINE_NEUTRAL * (1 - darkness)))

    def shade(self, points: Points, light: float) -> None:
        """Lights (above 0) or darkens (below 0) an area whose edge is soft; -0.5 halves it."""
        self._soft_paint.polygon(self._pixels(points, _SOFT_SCALE), fill=int(_SOFT_NEUTRAL * (1 + light)))

    def soft_line(self, points: Points, light: float, width: float) -> None:
        """Like `shade`, along an open line."""
        thickness = max(1, round(width * self.unit / _SOFT_SCALE))
        value = int(_SOFT_NEUTRAL * (1 + light))
        self._soft_paint.line(self._pixels(points, _SOFT_SCALE), fill=value, width=thickness)

    def finish(self) -> np.ndarray:
        """Returns the image with its light and shade, float32 [height, width, 3], 0 to 255."""
        rgb = np.asarray(self._image.reduce(SUPERSAMPLING), np.float32)
        fine = np.asarray(self._fine.reduce(SUPERSAMPLING), np.float32)
        blurred = self._soft.filter(ImageFilter.GaussianBlur(0.05 * self.unit / _SOFT_SCALE))
        soft = np.asarray(blurred.resize(self.size, Image.Resampling.BILINEAR), np.float32)
        return rgb * (fine * soft / (_FINE_NEUTRAL * _SOFT_NEUTRAL))[..., None]

    def _pixels(self, points: Points, scale: int = 1) -> list[float]:
        moved = (points @ self._affine[:, :2].T + self._affine[:, 2]) / scale
        return moved.ravel().tolist()  # x, y, x, y: Pillow draws it faster than pairs

    def _thickness(self, width: float) -> int:
        return max(1, round(width * self.unit))


def _rgb(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(channel))) for channel in colour)
    return red, green, blue


def mix(first: Colour, second: Colour, fraction: float) -> Colour:
    """Returns `first` with a fraction (0 to 1) of `second` in it."""
    red, green, blue = (a + (b - a) * fraction for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, factor: float) -> Colour:
    """Returns the colour times a factor; above 1 it is lighter."""
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def mirrored(points: Points) -> Points:
    """Returns the points on the other side of the face."""
    return points * (-1, 1)


def ellipse(x: float, y: float, half_width: float, half_height: float) -> Points:
    """Returns a closed ellipse as a polygon."""
    return _UNIT_CIRCLE * (half_width, half_height) + (x, y)


def closed_curve(control: Sequence[tuple[float, float]]) -> Points:
    """Returns a smooth closed curve through the control points (uniform Catmull-Rom spline)."""
    return _spline_basis(len(control), True) @ np.asarray(control, np.float64)


def open_curve(control: Sequence[tuple[float, float]]) -> Points:
    """Returns a smooth line through the control points (uniform Catmull-Rom spline)."""
    return _spline_basis(len(control), False) @ np.asarray(control, np.float64)


_TURN = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_UNIT_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_STEPS = 5


@lru_cache(maxsize=64)
def _spline_basis(count: int, closed: bool) -> np.ndarray:
    segments = count if closed else count - 1
    basis = np.zeros((segments * _STEPS + (not closed), count))
    for index in range(len(basis)):
        segment, step = divmod(index, _STEPS)
        t = step / _STEPS
        weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
        for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
            control = segment + offset
            control = control % count if closed else min(max(control, 0), count - 1)
            basis[index, control] += weight / 2
    return basis
