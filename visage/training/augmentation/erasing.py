"""Erases random rectangles (Zhong, Zheng, Kang, Li, Yang: Random erasing data augmentation, AAAI 2020)."""

from __future__ import annotations

import math

import tensorflow as tf

# From the paper: the smallest fraction of the image, and the smallest ratio of height to width.
_SMALLEST = 0.02
_FLATTEST = 0.3


def erase(pixels: tf.Tensor, seed: tf.Tensor, probability: float, largest: float) -> tf.Tensor:
    """Fills one rectangle with noise in some images of a batch.

    The rectangle's fraction of the image is uniform, and so is its place. The logarithm of its ratio of height to width
    is uniform from 0.3 to 1 / 0.3, as far as such a rectangle fits into the image. Each value of the noise is uniform
    in 0..255; all images of a batch share one noise image, since drawing it costs more than all the rest.

    Args:
        pixels: float32 [N, side, side, channels] in 0..255.
        seed: int64 [2].
        probability: that an image gets a rectangle.
        largest: largest fraction of the image that a rectangle may cover.

    Returns:
        float32, same shape and range.
    """
    chosen_seed, box_seed, noise_seed = tf.unstack(tf.random.split(seed, 3))
    chosen = tf.random.stateless_uniform([tf.shape(pixels)[0], 1, 1], chosen_seed) < probability
    erased = chosen & _boxes(tf.shape(pixels)[0], tf.shape(pixels)[1], box_seed, largest)
    noise = tf.random.stateless_uniform(tf.shape(pixels)[1:], noise_seed, 0.0, 255.0)
    return tf.where(erased[..., None], noise, pixels)


def _boxes(count: tf.Tensor, side: tf.Tensor, seed: tf.Tensor, largest: float) -> tf.Tensor:
    """Draws a random rectangle for each image: bool [N, side, side]."""
    fraction_seed, shape_seed, corner_seed = tf.unstack(tf.random.split(seed, 3))
    fraction = tf.random.stateless_uniform([count], fraction_seed, min(_SMALLEST, largest), largest)
    # Flatter rectangles of this fraction would be wider than the image.
    flattest = tf.minimum(-math.log(_FLATTEST), -tf.math.log(fraction))
    height_to_width = tf.exp(tf.random.stateless_uniform([count], shape_seed, -1.0, 1.0) * flattest)
    size = tf.sqrt(tf.stack([fraction * height_to_width, fraction / height_to_width]))
    corner = tf.random.stateless_uniform([2, count], corner_seed) * (1 - size)
    centres = (tf.range(tf.cast(side, tf.float32)) + 0.5) / tf.cast(side, tf.float32)
    rows, columns = tf.unstack((centres >= corner[..., None]) & (centres < (corner + size)[..., None]))
    return rows[:, :, None] & columns[:, None, :]
