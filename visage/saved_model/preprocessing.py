"""From JPEG bytes to a network's pixels: one graph for training, for evaluation and for serving."""

from __future__ import annotations

import tensorflow as tf

from visage.faces.jpeg_end import CONTINUATIONS, END, MIN_FILL

# A crop is some hundred pixels wide; a few kilobytes of JPEG can announce gigabytes.
MAX_CROP_PIXELS = 4_000_000


def decode(jpeg: tf.Tensor, max_pixels: int = MAX_CROP_PIXELS) -> tf.Tensor:
    """Decodes one JPEG (string scalar) to uint8 [height, width, 3], exactly as Pillow would; EXIF is not looked at.

    A JPEG that lacks its end mark alone is decoded, as `visage.faces.image_io` does.

    Raises:
        tf.errors.InvalidArgumentError: it is no JPEG, is damaged or cut off, or its header announces more than
            `max_pixels`.
    """
    with tf.control_dependencies([_assert_at_most(max_pixels, jpeg)]):
        ends = tf.equal(tf.strings.substr(jpeg, -len(END), len(END)), END)
        pixels = tf.cond(ends, lambda: _decode(jpeg), lambda: _decode_without_end(jpeg))
    return tf.ensure_shape(pixels, (None, None, 3))


def _decode(jpeg: tf.Tensor) -> tf.Tensor:
    # The default method is faster and off by a grey level on average, which the client's Pillow is not.
    return tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_without_end(jpeg: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG that ends in something else than an end mark: nothing, or what follows its end mark.

    `visage.faces.jpeg_end` says why its continuations tell a whole image from one that was cut off. A progressive
    JPEG that was cut off exactly between two scans is taken for a whole one here, not there.
    """
    data = _image_data(jpeg)
    pixels, *others = (_decode(tf.strings.join([data, continuation])) for continuation in CONTINUATIONS)
    whole = [tf.reduce_all(tf.equal(pixels, other)) for other in others]
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(whole), ["Invalid JPEG data: it is cut off"])]):
        return tf.identity(pixels)


def _image_data(jpeg: tf.Tensor) -> tf.Tensor:
    """As `visage.faces.jpeg_end.image_data`."""
    codes = tf.io.decode_raw(jpeg, tf.uint8)
    size = tf.shape(codes)[0]
    used = tf.reduce_max(tf.cast(tf.where(codes != 0), tf.int32)) + 1
    end = tf.where(size - used >= MIN_FILL, used, size)
    data = tf.strings.substr(jpeg, 0, end)
    half_a_marker = tf.equal(tf.strings.substr(data, -1, 1), END[:1])
    return tf.where(half_a_marker, tf.strings.join([data, b"\x00"]), data)


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
