"""Aligns faces inside a TensorFlow graph, for clients that send whole photos to a served model."""

from __future__ import annotations

import math

import tensorflow as tf

from visage.faces.align import MAX_CROP_SHARE, MAX_CROP_SIDE
from visage.faces.settings import AlignmentSettings
from visage.faces.warp import ROUNDING


def align(photo: tf.Tensor, landmarks: tf.Tensor, settings: AlignmentSettings) -> tf.Tensor:
    """Cuts one face out of a photo, upright and scaled, as `visage.faces.align.align` does.

    It reduces and samples the photo as `visage.faces.warp` describes, and rounds as Pillow does: one value in a
    thousand differs from the library's, by one grey level.

    Args:
        photo: uint8 [height, width, 3].
        landmarks: float32 [5, 2], pixels (x, y) of the photo; only the right and left eye, its first two, are used.
        settings: the crop's geometry.

    Returns:
        uint8 [size, size, 3].

    Raises:
        tf.errors.InvalidArgumentError: the eye centres coincide, are not finite, or are so far apart that the crop
            would be more than `MAX_CROP_SHARE` times as wide as the photo, or than `MAX_CROP_SIDE` pixels.
    """
    right_eye, left_eye = landmarks[0], landmarks[1]
    across = left_eye - right_eye
    distance = tf.norm(across)
    with tf.control_dependencies([_assert_plausible(distance, photo, settings)]):
        # The step in the photo that corresponds to one pixel to the right in the crop.
        step = across / (settings.size * settings.eye_distance)
    factor, samples = _reduction(_width(right_eye, left_eye, settings))
    cosine, sine = step[0], step[1]
    turn = tf.stack([[cosine, -sine], [sine, cosine]])
    eye_middle = tf.constant(settings.eye_middle) * settings.size
    origin = (right_eye + left_eye) / 2 - tf.linalg.matvec(turn, eye_middle)
    corners = origin + tf.matmul(_corners(settings.size), turn, transpose_b=True)
    patch, low = _cut(photo, factor, tf.reduce_min(corners, axis=0), tf.reduce_max(corners, axis=0))
    per_step = tf.cast(factor, tf.float32)
    sampled = _sample(
        tf.cast(_reduce(patch, factor), tf.float32),
        turn / (per_step * tf.cast(samples, tf.float32)),
        (origin - low) / per_step,
        settings.size * samples,
    )
    # Pillow rounds its samples down to whole grey levels; float32's error must not lower them by one more level.
    levels = tf.cast(tf.floor(sampled + 1e-3), tf.uint8)
    return tf.ensure_shape(_reduce(levels, samples), (settings.size, settings.size, 3))


def _assert_plausible(distance: tf.Tensor, photo: tf.Tensor, settings: AlignmentSettings) -> tf.Operation:
    side = tf.cast(tf.reduce_max(tf.shape(photo)[:2]), tf.float32)
    farthest = settings.eye_distance * tf.minimum(MAX_CROP_SHARE * side, MAX_CROP_SIDE)
    plausible = tf.math.is_finite(distance) & (distance >= 1e-3) & (distance <= farthest)
    return tf.debugging.Assert(
        plausible,
        ["landmarks: the eye centres must lie apart, by no more than fits the photo; distance", distance],
    )


def _corners(size: int) -> tf.Tensor:
    return tf.constant([[0.0, 0.0], [size, 0.0], [0.0, size], [size, size]])


def _width(right_eye: tf.Tensor, left_eye: tf.Tensor, settings: AlignmentSettings) -> tf.Tensor:
    """Returns the width of a crop's pixel, in pixels of the photo: float64, to round a power of two as the library."""
    across = tf.cast(left_eye, tf.float64) - tf.cast(right_eye, tf.float64)
    return tf.norm(across) / (settings.size * settings.eye_distance)


def _reduction(width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the factor and samples of `visage.faces.warp.reduction` for the width of a crop's pixel: int32."""
    halvings = tf.maximum(tf.floor(tf.math.log(width) / math.log(2) + ROUNDING), 0)
    factor = tf.bitwise.left_shift(1, tf.cast(halvings, tf.int32))
    rest = width / tf.cast(factor, tf.float64)
    return factor, tf.where(rest <= 1 + ROUNDING, 1, 2)


def _cut(photo: tf.Tensor, factor: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts out the whole blocks of `factor` pixels between two points (x, y), one more on each side, at least one.

    Without it, one small face would cost the reduction of a whole large photo.

    Returns:
        uint8 [h, w, 3], and the (x, y) of its corner in the photo.
    """
    side = tf.cast(factor, tf.float32)
    extent = tf.math.ceil(tf.cast(tf.shape(photo)[1::-1], tf.float32) / side)
    first = tf.clip_by_value(tf.floor(low / side) - 1, 0.0, extent - 1)
    last = tf.clip_by_value(tf.math.ceil(high / side) + 1, first + 1, extent)
    x0, y0 = tf.unstack(tf.cast(first, tf.int32) * factor)
    x1, y1 = tf.unstack(tf.cast(last, tf.int32) * factor)
    return photo[y0:y1, x0:x1], first * side


def _sample(patch: tf.Tensor, turn: tf.Tensor, origin: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Samples a patch bilinearly on a square lattice; outside the patch its edge pixels repeat.

    Args:
        patch: float32 [h, w, 3].
        turn: [2, 2], from lattice steps to patch pixels.
        origin: (x, y) in the patch of the lattice's corner.
        size: samples along each side.

    Returns:
        float32 [size, size, 3].
    """
    # The operation counts from pixel centres; our coordinates count from pixel corners, half a pixel earlier.
    start = origin + tf.linalg.matvec(turn, [0.5, 0.5]) - 0.5
    zero = tf.zeros(())
    transform = tf.stack([turn[0, 0], turn[0, 1], start[0], turn[1, 0], turn[1, 1], start[1], zero, zero])
    sampled = tf.raw_ops.ImageProjectiveTransformV3(
        images=patch[None],
        transforms=transform[None],
        output_shape=tf.stack([size, size]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return sampled[0]


def _reduce(pixels: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Returns the mean of each block of `factor` x `factor` pixels, rounded as Pillow's `reduce` rounds.

    Args:
        pixels: uint8 [h, w, 3]; blocks at its right and lower edge may be narrower.
        factor: int32, a power of two.

    Returns:
        uint8 [ceil(h / factor), ceil(w / factor), 3].
    """
    height, width = tf.unstack(tf.shape(pixels)[:2])
    rows, columns = -(-height // factor), -(-width // factor)
    missing = [[0, rows * factor - height], [0, columns * factor - width], [0, 0]]
    blocks = tf.reshape(tf.pad(pixels, missing), (rows, factor, columns, factor, 3))
    total = tf.cast(tf.reduce_sum(tf.cast(blocks, tf.int32), axis=(1, 3)), tf.int64)
    heights = tf.minimum(factor, height - factor * tf.range(rows))
    widths = tf.minimum(factor, width - factor * tf.range(columns))
    count = tf.cast(heights[:, None, None] * widths[None, :, None], tf.int64)
    # Pillow divides by multiplying with the rounded-down reciprocal in 24 bits.
    mean = tf.bitwise.right_shift((total + count // 2) * (2**24 // count), tf.constant(24, tf.int64))
    return tf.cast(mean, tf.uint8)
