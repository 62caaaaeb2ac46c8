"""Warps images by antialiased affine maps, defined simply enough to be repeated inside a TensorFlow graph.

Coordinates are continuous: (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5).
"""

import numpy as np
from PIL import Image

# The error that rounding may add to a width in pixels that should be a power of two.
ROUNDING = 1e-9


def reduction(matrix: np.ndarray) -> tuple[int, int]:
    """Returns the reduction and sampling that antialias a photo at a cost independent of the face's size.

    Args:
        matrix: float (2, 3), maps photo to output.

    Returns:
        The power of two by which the photo is reduced first, so that an output pixel is less than two of its pixels
        wide, and the samples per output pixel and axis, so that they are at most one of those apart: 1 or 2.
    """
    width = 1 / abs(_determinant(matrix)) ** 0.5
    factor = 2 ** max(0, int(np.floor(np.log2(width) + ROUNDING)))
    return factor, 1 if width / factor <= 1 + ROUNDING else 2


def warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Resamples `image` under `matrix` into a square.

    The photo is reduced by the factor `reduction(matrix)[0]`: square blocks of that many pixels along each side, from
    (0, 0) on, become their mean. Each output pixel is the mean of k x k bilinear samples of the reduced image, k =
    `reduction(matrix)[1]`, evenly spread over the pixel; outside the reduced image its edge pixels repeat.

    Args:
        image: uint8 (height, width, 3).
        matrix: float (2, 3), maps input (x, y, 1) to output (x, y).
        size: side of the output in pixels.

    Returns:
        uint8 (size, size, 3).
    """
    factor, k = reduction(matrix)
    inverse = _inverse(matrix) / factor
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ inverse.T
    low = np.floor(corners.min(0)).astype(int) - 1
    high = np.ceil(corners.max(0)).astype(int) + 1
    patch = Image.fromarray(_cut_with_replicated_edge(image, factor, low, high))

    output_to_patch = inverse.copy()
    output_to_patch[:, 2] -= low
    output_to_patch[:, :2] /= k
    samples = patch.transform(
        (size * k, size * k),
        Image.Transform.AFFINE,
        output_to_patch.ravel().tolist(),
        Image.Resampling.BILINEAR,
    )
    return np.array(samples.reduce(k) if k > 1 else samples)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    # NumPy's own inverse wakes OpenBLAS's threads, one for each core, which then spin for longer than an image takes.
    (a, b, _), (c, d, _) = matrix
    turn = np.array([[d, -b], [-c, a]]) / _determinant(matrix)
    return np.column_stack([turn, -turn @ matrix[:, 2]])


def _determinant(matrix: np.ndarray) -> float:
    (a, b, _), (c, d, _) = matrix
    return float(a * d - b * c)


def _cut_with_replicated_edge(image: np.ndarray, factor: int, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Cuts pixels `low` (x, y) to `high` from the image reduced by `factor`; its edge pixels repeat outside it."""
    height, width = (-(-side // factor) for side in image.shape[:2])
    inside_low = np.clip(low, 0, (width - 1, height - 1))
    inside_high = np.clip(high, 1, (width, height))
    inside_high = np.maximum(inside_high, inside_low + 1)
    (x0, y0), (x1, y1) = inside_low * factor, inside_high * factor
    cut = image[y0:y1, x0:x1]
    if factor > 1:
        cut = np.asarray(Image.fromarray(np.ascontiguousarray(cut)).reduce(factor))
    before = np.clip(inside_low - low, 0, high - low - 1)
    after = (high - low) - before - (inside_high - inside_low)
    if not before.any() and not after.any():
        return np.ascontiguousarray(cut)
    return np.pad(cut, ((before[1], after[1]), (before[0], after[0]), (0, 0)), mode="edge")
