"""Mirrors, moves, scales, turns and slants an image in one resampling."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Moves:
    """One move for each of N images, applied about its middle in this order.

    Attributes:
        flipped: bool [N], whether left and right change places.
        shear: float [N], how many pixels a row moves to the right for each pixel that it lies below the middle.
        zoom: float [N], factor above 0; above 1 enlarges.
        rotation: float [N], degrees, clockwise.
        shift: float [N, 2], to the right and down, in fractions of the side.
    """

    flipped: np.ndarray
    shear: np.ndarray
    zoom: np.ndarray
    rotation: np.ndarray
    shift: np.ndarray

    def origins(self, side: int) -> np.ndarray:
        """Returns the maps from a pixel (x, y, 1) of a moved image to its origin: float64 [N, 2, 3]."""
        angle = np.radians(self.rotation, dtype=np.float64)
        cosine, sine = np.cos(angle), np.sin(angle)
        zero, one = np.zeros_like(angle), np.ones_like(angle)
        turned_back = _matrices([cosine, sine], [-sine, cosine])
        upright = _matrices([one, -self.shear], [zero, one])
        mirrored = _matrices([np.where(self.flipped, -one, one), zero], [zero, one])
        back = mirrored @ upright @ turned_back / self.zoom[:, None, None]
        middle = (side - 1) / 2
        start = middle - back @ (middle + side * self.shift.astype(np.float64))[..., None]
        return np.concatenate([back, start], axis=-1)


def move(image: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Moves an image; edge pixels fill uncovered areas.

    Args:
        image: uint8 [side, side, channels].
        origin: float [2, 3], one of `Moves.origins`.

    Returns:
        uint8, same shape: bilinear samples at places rounded to 1/32 of a pixel, rounded to whole grey levels.
    """
    bilinear_from_origin = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, origin, size, flags=bilinear_from_origin, borderMode=cv2.BORDER_REPLICATE)
    # OpenCV drops the axis of a single channel.
    return moved.reshape(image.shape)


def mirror(image: np.ndarray) -> np.ndarray:
    """Mirrors an image, uint8 [side, side, channels], as `move` does but at a small fraction of its cost."""
    return cv2.flip(image, 1).reshape(image.shape)


def _matrices(*rows: list[np.ndarray]) -> np.ndarray:
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
