"""From JPEG bytes to a network's pixels: one graph for training, for evaluation and for serving."""

from __future__ import annotations

import tensorflow as tf

# A crop is some hundred pixels wide; a few kilobytes of JPEG can announce gigabytes.
MAX_CROP_PIXELS = 4_000_000


def decode(jpeg: tf.Tensor, max_pixels: int = MAX_CROP_PIXELS) -> tf.Tensor:
    """Decodes one JPEG (string scalar) to uint8 [height, width, 3], exactly as Pillow would; EXIF is not looked at.

    Raises:
        tf.errors.InvalidArgumentError: it is no JPEG, is damaged, or its header announces more than `max_pixels`.
    """
    with tf.control_dependencies([_assert_at_most(max_pixels, jpeg)]):
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


def _assert_at_most(max_pixels: int, jpeg: tf.Tensor) -> tf.Operation:
    # Two sides of up to 65535 do not fit int32 when multiplied.
    height, width, _ = tf.unstack(tf.cast(tf.image.extract_jpeg_shape(jpeg), tf.int64), num=3)
    return tf.debugging.Assert(
        height * width <= max_pixels,
        [f"image_bytes: a JPEG of more than {max_pixels / 1e6:.0f} million pixels; height and width:", height, width],
    )
