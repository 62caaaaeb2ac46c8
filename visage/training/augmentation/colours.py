"""Changes saturation, lighting, contrast and brightness of an image by one affine map of its pixels' colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# The luminance of RGB, as in TensorFlow's `rgb_to_grayscale`.
_LUMINANCE = np.array([0.2989, 0.5870, 0.1140])


@dataclass(frozen=True)
class ColourChange:
    """A change of one image's colours, applied in this order.

    Attributes:
        saturation: factor of every pixel's difference from the grey of its luminance; no effect on one channel.
        lighting: float [channels], multiplied with the covariance matrix of the image's own colours (in 0..1), gives
            the colour that is added; None: none is.

            Krizhevsky, Sutskever, Hinton (ImageNet classification with deep networks, NIPS 2012) draw a normal number
            for each principal axis and scale it by the axis's eigenvalue. The covariance matrix times normal numbers is
            distributed alike, and needs no eigenvectors.
        contrast: factor of differences from the mean of each channel.
        brightness: what is added, as a fraction of the range.
    """

    saturation: float = 1.0
    lighting: np.ndarray | None = None
    contrast: float = 1.0
    brightness: float = 0.0


def recolour(image: np.ndarray, change: ColourChange) -> np.ndarray:
    """Changes the colours of an image.

    Args:
        image: uint8 [side, side, channels].
        change: what to change.

    Returns:
        float32, same shape, in 0..255.
    """
    channels = image.shape[-1]
    saturated = np.eye(channels)
    if channels == 3:
        saturated = change.saturation * saturated + (1 - change.saturation) * _LUMINANCE
    mean = saturated @ cv2.mean(image)[:channels]
    added = np.full(channels, 255 * change.brightness)
    if change.lighting is not None:
        covariance = saturated @ _covariance(image) @ saturated.T
        added += 255 * covariance @ change.lighting
    # Contrast leaves the mean, hence also all that is added to it, as it is.
    matrix = change.contrast * saturated
    offset = (1 - change.contrast) * mean + added
    changed = cv2.transform(image.astype(np.float32), np.column_stack([matrix, offset])).reshape(image.shape)
    # Clips in place, at a quarter of the cost of NumPy's function.
    cv2.threshold(changed, 0, 0, cv2.THRESH_TOZERO, dst=changed)
    cv2.threshold(changed, 255, 0, cv2.THRESH_TRUNC, dst=changed)
    return changed


def _covariance(image: np.ndarray) -> np.ndarray:
    """Returns the covariance matrix of an image's colours in 0..1: [channels, channels]."""
    colours = image.reshape(-1, image.shape[-1]).astype(np.float32) / 255
    # NumPy's product would wake OpenBLAS's threads, one for each core, which then spin.
    return cv2.mulTransposed(colours, True, delta=colours.mean(axis=0, keepdims=True), scale=1 / len(colours))
