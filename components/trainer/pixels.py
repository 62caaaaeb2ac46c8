"""From JPEG bytes to a network's pixels: one graph for training, for evaluation and for serving."""

from __future__ import annotations

import tensorflow as tf


def decode(jpeg: tf.Tensor) -> tf.Tensor:
    """Decodes one JPEG (string scalar) to uint8 [height, width, 3], exactly as Pillow would; EXIF is not looked at."""
    # The default method is faster and off by a grey level on average, which the client's Pillow is not.
    return tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")


def to_network_input(crop: tf.Tensor, input_size: int, channels: int) -> tf.Tensor:
    """Fits one square crop to a network.

    Args:
        crop: uint8 [side, side, 3].
        input_size: pixels; side that the network takes.
        channels: 3 keeps the colours, 1 makes the crop grey.

    Returns:
        uint8 [input_size, input_size, channels].
    """
    grey_levels = tf.cast(crop, tf.float32)
    if channels == 1:
        grey_levels = tf.image.rgb_to_grayscale(grey_levels)
    resized = tf.image.resize(grey_levels, (input_size, input_size), antialias=True)
    pixels = tf.cast(tf.round(tf.clip_by_value(resized, 0.0, 255.0)), tf.uint8)
    return tf.ensure_shape(pixels, (input_size, input_size, channels))
