"""An antialiased affine warp whose definition is simple enough to be repeated inside a TensorFlow graph.

Coordinates are continuous: (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5).
"""

import numpy as np
from PIL import Image

# Samples along a side, at most: a face of many thousand pixels would otherwise take gigabytes.
MAX_SAMPLES = 2048


def oversampling(matrix: np.ndarray, size: int) -> int:
    """Samples per output pixel and axis, so that neighbouring samples are at most one input pixel apart.

    Where that would take more than `MAX_SAMPLES` along the output's side, as many as those allow.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return min(max(1, int(np.ceil(1 / scale - 1e-9))), max(1, MAX_SAMPLES // size))


def warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Resamples `image` under `matrix` into a square.

    Each output pixel is the mean of k x k bilinear samples, k = `oversampling(matrix, size)`, evenly spread over it;
    outside the picture its edge pixels go on.

    Args:
        image: uint8 (height, width, 3).
        matrix: float (2, 3), maps input (x, y, 1) to output (x, y).
        size: side of the output in pixels.

    Returns:
        uint8 (size, size, 3).
    """
    inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))[:2]
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ inverse.T
    low = np.floor(corners.min(0)).astype(int) - 1
    high = np.ceil(corners.max(0)).astype(int) + 1
    patch = Image.fromarray(_cut_with_replicated_edge(image, low, high))

    k = oversampling(matrix, size)
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


def _cut_with_replicated_edge(image: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The pixels from `low` (x, y) up to `high`, where the picture's edge pixels go on outside it."""
    height, width = image.shape[:2]
    inside_low = np.clip(low, 0, (width - 1, height - 1))
    inside_high = np.clip(high, 1, (width, height))
    inside_high = np.maximum(inside_high, inside_low + 1)
    cut = image[inside_low[1] : inside_high[1], inside_low[0] : inside_high[0]]
    before = np.clip(inside_low - low, 0, high - low - 1)
    after = (high - low) - before - (inside_high - inside_low)
    if not before.any() and not after.any():
        return np.ascontiguousarray(cut)
    return np.pad(cut, ((before[1], after[1]), (before[0], after[0]), (0, 0)), mode="edge")
