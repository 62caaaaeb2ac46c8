"""Changes images at random, each by its own draw, without changing age and gender."""

from __future__ import annotations

import tensorflow as tf

from visage.training.augmentation.erasing import erase
from visage.training.augmentation.geometry import Moves, mirror, move
from visage.training.recipe.augmentation_settings import AugmentationSettings

# Each change has its own seed, derived from its position, so a new change goes to the end.
_CHANGES = ("flip", "shift", "brightness", "contrast", "zoom", "rotation", "shear", "saturation", "erasing", "lighting")

# These may leave the range of grey levels.
_COLOURS = {"brightness", "contrast", "saturation", "lighting"}

_Seeds = dict[str, tf.Tensor]


def augment(pixels: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Moves, colours, lights and erases each image of a batch at random.

    Args:
        pixels: float32 [N, side, side, channels] in 0..255; one channel is grey and has no colours to change.
        seed: int64 [2]; the same seed makes the same changes, in any process.
        settings: how far each change may go.

    Returns:
        float32, same shape and range.
    """
    seeds = dict(zip(_CHANGES, tf.unstack(tf.random.split(seed, len(_CHANGES))), strict=True))
    moves = _draw_moves(tf.shape(pixels)[0], seeds, settings)
    resampled = settings.shift or settings.zoom or settings.rotation or settings.shear
    pixels = move(pixels, moves) if resampled else mirror(pixels, moves.flipped)
    if settings.saturation and pixels.shape[-1] == 3:
        pixels = _saturate(pixels, seeds, settings)
    if settings.lighting:
        pixels = _step_along_own_colours(pixels, seeds, settings)
    if settings.brightness or settings.contrast:
        pixels = _light(pixels, seeds, settings)
    if settings.changes.keys() & _COLOURS:
        pixels = tf.clip_by_value(pixels, 0.0, 255.0)
    if settings.erasing:
        pixels = erase(pixels, seeds["erasing"], settings.erasing, settings.erasing_fraction)
    return pixels


def _draw_moves(count: tf.Tensor, seeds: _Seeds, settings: AugmentationSettings) -> Moves:
    def uniform(change: str, low: float, high: float) -> tf.Tensor:
        return tf.random.stateless_uniform([count], seeds[change], low, high)

    return Moves(
        flipped=tf.random.stateless_uniform([count], seeds["flip"]) < (0.5 if settings.flip else 0.0),
        shear=uniform("shear", -settings.shear, settings.shear),
        zoom=uniform("zoom", 1 - settings.zoom, 1 + settings.zoom),
        rotation=uniform("rotation", -settings.rotation, settings.rotation),
        shift=tf.random.stateless_uniform([count, 2], seeds["shift"], -settings.shift, settings.shift),
    )


def _saturate(pixels: tf.Tensor, seeds: _Seeds, settings: AugmentationSettings) -> tf.Tensor:
    """Moves every pixel of an image towards the grey of its luminance or away from it; may leave 0..255."""
    count = tf.shape(pixels)[0]
    factor = tf.random.stateless_uniform(
        [count, 1, 1, 1], seeds["saturation"], 1 - settings.saturation, 1 + settings.saturation
    )
    grey = tf.image.rgb_to_grayscale(pixels)
    return grey + (pixels - grey) * factor


def _step_along_own_colours(pixels: tf.Tensor, seeds: _Seeds, settings: AugmentationSettings) -> tf.Tensor:
    """Adds lighting noise: one colour for each image, along the principal axes of its colours; may leave 0..255.

    Krizhevsky, Sutskever, Hinton (ImageNet classification with deep networks, NIPS 2012) draw a normal number for each
    axis and scale it by the axis's eigenvalue. The covariance matrix times normal numbers is distributed alike, and
    needs no eigenvectors.
    """
    count, channels = tf.shape(pixels)[0], pixels.shape[-1]
    colours = tf.reshape(pixels / 255, (count, -1, channels))
    colours -= tf.reduce_mean(colours, axis=1, keepdims=True)
    covariance = tf.matmul(colours, colours, transpose_a=True) / tf.cast(tf.shape(colours)[1], tf.float32)
    drawn = tf.random.stateless_normal([count, channels], seeds["lighting"], stddev=settings.lighting)
    return pixels + 255 * tf.linalg.matvec(covariance, drawn)[:, None, None, :]


def _light(pixels: tf.Tensor, seeds: _Seeds, settings: AugmentationSettings) -> tf.Tensor:
    """Changes contrast, about the mean of each channel of an image, and brightness; may leave 0..255."""
    count = tf.shape(pixels)[0]
    brightness = tf.random.stateless_uniform(
        [count, 1, 1, 1], seeds["brightness"], -settings.brightness, settings.brightness
    )
    contrast = tf.random.stateless_uniform(
        [count, 1, 1, 1], seeds["contrast"], 1 - settings.contrast, 1 + settings.contrast
    )
    mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
    # Equals (pixels - mean) * contrast + mean + 255 * brightness, but saves two passes over the pixels.
    return pixels * contrast + (mean * (1 - contrast) + 255 * brightness)
