"""Draws photos of people with eyes at known positions."""

from collections.abc import Sequence

import numpy as np

from tfds_builders.sample_portraits.image import place
from tfds_builders.sample_portraits.person import draw_person
from tfds_builders.sample_portraits.photo import take_photo

Place = tuple[tuple[float, float], float, float]
"""Middle of the eyes (x, y) in pixels, distance of the eyes in pixels, tilt in degrees."""


def drawn_photo(places: Sequence[Place], width: int = 320, height: int = 240, seed: int = 5) -> np.ndarray:
    """Draws one adult at each place: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    side = min(width, height)
    sitters = [
        place(
            draw_person(rng),
            35,
            (width, height),
            distance / side,
            (0.5 + (x - width / 2) / side, 0.5 + (y - height / 2) / side),
            tilt,
        )
        for (x, y), distance, tilt in places
    ]
    return np.array(take_photo(width, height, sitters, rng))


def eyes(place: Place) -> np.ndarray:
    """Returns the right eye (image left) and the left eye, pixels (x, y): float (2, 2)."""
    middle, distance, tilt = place
    across = np.array([np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))]) * distance
    return np.array([middle - across / 2, middle + across / 2])
