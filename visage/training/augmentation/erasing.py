"""Erases random rectangles (Zhong, Zheng, Kang, Li, Yang: Random erasing data augmentation, AAAI 2020)."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

# From the paper: the smallest fraction of the image, and the smallest ratio of height to width.
_SMALLEST = 0.02
_FLATTEST = 0.3


def draw_rectangles(
    shape: tf.Tensor, seed: tf.Tensor, probability: float, largest: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws one rectangle for some images of a batch, and the noise that fills them.

    The rectangle's fraction of the image is uniform, and so is its place. The logarithm of its ratio of height to width
    is uniform from 0.3 to 1 / 0.3, as far as such a rectangle fits into the image. Each value of the noise is uniform
    in 0..255; all images of a batch share one noise image, since drawing it costs more than all the rest.

    Args:
        shape: that of the batch: N, side, side, channels.
        seed: int64 [2].
        probability: that an image gets a rectangle.
        largest: largest fraction of the image that a rectangle may cover.

    Returns:
        Rectangles, float32 [N, 4]: top, left, bottom, right in fractions of the side, an empty one if there is none.
        Noise, float32 [side, side, channels] in 0..255.
    """
    chosen_seed, box_seed, noise_seed = tf.unstack(tf.random.split(seed, 3))
    fraction_seed, shape_seed, corner_seed = tf.unstack(tf.random.split(box_seed, 3))
    count = shape[0]
    chosen = tf.random.stateless_uniform([count], chosen_seed) < probability
    fraction = tf.random.stateless_uniform([count], fraction_seed, min(_SMALLEST, largest), largest)
    # Flatter rectangles of this fraction would be wider than the image.
    flattest = tf.minimum(-math.log(_FLATTEST), -tf.math.log(fraction))
    height_to_width = tf.exp(tf.random.stateless_uniform([count], shape_seed, -1.0, 1.0) * flattest)
    size = tf.sqrt(tf.stack([fraction * height_to_width, fraction / height_to_width]))
    corner = tf.random.stateless_uniform([2, count], corner_seed) * (1 - size)
    rectangles = tf.concat([corner, corner + tf.where(chosen, size, 0.0)], axis=0)
    return tf.transpose(rectangles), tf.random.stateless_uniform(shape[1:], noise_seed, 0.0, 255.0)


def erase(image: np.ndarray, rectangle: np.ndarray, noise: np.ndarray) -> None:
    """Fills the pixels of an image whose centres lie in a rectangle with those of `noise`.

    Args:
        image: float32 [side, side, channels]; changed in place.
        rectangle: float [4], as `draw_rectangles` draws it.
        noise: same shape as the image.
    """
    # The centre of pixel i lies at i + 0.5.
    top, left, bottom, right = np.ceil(rectangle * len(image) - 0.5).astype(int)
    image[top:bottom, left:right] = noise[top:bottom, left:right]
