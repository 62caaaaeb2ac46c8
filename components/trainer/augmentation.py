"""Random changes that leave age and gender as they are, drawn anew for every picture."""

from __future__ import annotations

import tensorflow as tf

from components.trainer.settings import TrainerSettings


def augment(pixels: tf.Tensor, seed: tf.Tensor, settings: TrainerSettings) -> tf.Tensor:
    """Flips, shifts, brightens and contrasts a batch.

    Args:
        pixels: float32 [N, side, side, channels] in 0..255.
        seed: int64 [2]; the same seed makes the same changes.
        settings: how far each change may go.

    Returns:
        float32, same shape and range.
    """
    count = tf.shape(pixels)[0]
    flip_seed, shift_seed, brightness_seed, contrast_seed = tf.unstack(tf.random.split(seed, 4))
    flipped = tf.random.stateless_uniform([count], flip_seed) < (0.5 if settings.flip else 0.0)
    shift = tf.random.stateless_uniform([count, 2], shift_seed, -settings.shift, settings.shift)
    pixels = flip_and_shift(pixels, flipped, shift)
    brightness = tf.random.stateless_uniform(
        [count, 1, 1, 1], brightness_seed, -settings.brightness, settings.brightness
    )
    contrast = tf.random.stateless_uniform(
        [count, 1, 1, 1], contrast_seed, 1 - settings.contrast, 1 + settings.contrast
    )
    mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
    return tf.clip_by_value((pixels - mean) * contrast + mean + 255 * brightness, 0.0, 255.0)


def flip_and_shift(pixels: tf.Tensor, flipped: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Mirrors and moves each picture of a batch; edge pixels fill what is uncovered.

    Args:
        pixels: float32 [N, side, side, channels].
        flipped: bool [N].
        shift: float32 [N, 2], to the right and down, in shares of the side.
    """
    side = tf.cast(tf.shape(pixels)[1], tf.float32)
    sign = tf.where(flipped, -1.0, 1.0)
    right, down = tf.unstack(shift * side, axis=1)
    start = tf.where(flipped, side - 1, 0.0) - sign * right
    zero, one = tf.zeros_like(sign), tf.ones_like(sign)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack([sign, zero, start, zero, one, -down, zero, zero], axis=1),
        output_shape=tf.shape(pixels)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
