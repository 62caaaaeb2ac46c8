"""Turns JPEG bytes into a network's pixels, by one graph for training, evaluation and serving."""

from __future__ import annotations

import tensorflow as tf

from visage.faces.jpeg_end import CONTINUATIONS, END, MIN_FILL

# A crop is some hundred pixels wide; a few kilobytes of JPEG can announce gigabytes.
MAX_CROP_PIXELS = 4_000_000


def decode(jpeg: tf.Tensor, max_pixels: int = MAX_CROP_PIXELS) -> tf.Tensor:
    """Decodes one JPEG (string scalar) to uint8 [height, width, 3], exactly as Pillow does; EXIF is ignored.

    A JPEG that lacks nothing but its end mark is decoded, as in `visage.faces.image_io`.

    Raises:
        tf.errors.InvalidArgumentError: it is no JPEG, is damaged or cut off, or its header announces more than
            `max_pixels`.
    """
    with tf.control_dependencies([_assert_at_most(max_pixels, jpeg)]):
        ends = tf.equal(tf.strings.substr(jpeg, -len(END), len(END)), END)
        pixels = tf.cond(ends, lambda: _decode(jpeg), lambda: _decode_without_end(jpeg))
    return tf.ensure_shape(pixels, (None, None, 3))


def _decode(jpeg: tf.Tensor) -> tf.Tensor:
    # The default method is faster, but differs from the client's Pillow by a grey level on average.
    return tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_without_end(jpeg: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG that does not end in an end mark: it has none, or other bytes follow it.

    `visage.faces.jpeg_end` explains how continuations distinguish a complete image from one that was cut off. This
    function, unlike that module, takes a progressive JPEG that was cut off exactly between two scans for complete.
    """
    data = _image_data(jpeg)
    pixels, *others = (_decode(tf.strings.join([data, continuation])) for continuation in CONTINUATIONS)
    whole = [tf.reduce_all(tf.equal(pixels, other)) for other in others]
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(whole), ["Invalid JPEG data: it is cut off"])]):
        return tf.identity(pixels)


def _image_data(jpeg: tf.Tensor) -> tf.Tensor:
    """Returns the bytes that `visage.faces.jpeg_end.image_data` returns."""
    codes = tf.io.decode_raw(jpeg, tf.uint8)
    size = tf.shape(codes)[0]
    used = tf.reduce_max(tf.cast(tf.where(codes != 0), tf.int32)) + 1
    end = tf.where(size - used >= MIN_FILL, used, size)
    data = tf.strings.substr(jpeg, 0, end)
    half_a_marker = tf.equal(tf.strings.substr(data, -1, 1), END[:1])
    return tf.where(half_a_marker, tf.strings.join([data, b"\x00"]), data)


def to_network_input(crop: tf.Tensor, input_size: int, channels: int) -> tf.Tensor:
    """Resizes one square crop to a network's input.

    Args:
        crop: uint8 [side, side, 3].
        input_size: pixels; side of the network's input.
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
    # The product of two sides of up to 65535 does not fit int32.
    height, width, _ = tf.unstack(tf.cast(tf.image.extract_jpeg_shape(jpeg), tf.int64), num=3)
    return tf.debugging.Assert(
        height * width <= max_pixels,
        [f"image_bytes: a JPEG of more than {max_pixels / 1e6:.0f} million pixels; height and width:", height, width],
    )
