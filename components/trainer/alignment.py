"""`components.faces.align` as a TensorFlow graph, for clients that send whole photos to a served model."""

from __future__ import annotations

import tensorflow as tf

from components.faces.align import MAX_CROP_SHARE, MAX_CROP_SIDE
from components.faces.settings import AlignmentSettings
from components.faces.warp import MAX_SAMPLES


def align(photo: tf.Tensor, landmarks: tf.Tensor, settings: AlignmentSettings) -> tf.Tensor:
    """Cuts the face out of a photo, upright and scaled, as `components.faces.align.align` does.

    Each pixel of the crop is the mean of k x k bilinear samples, as `components.faces.warp` describes, rounded as
    Pillow rounds: of a thousand values one differs, by one grey level.

    Args:
        photo: uint8 [height, width, 3].
        landmarks: float32 [5, 2], pixels (x, y) of the photo; only the right and left eye, its first two, are used.
        settings: the crop's geometry.

    Returns:
        uint8 [size, size, 3].

    Raises:
        tf.errors.InvalidArgumentError: the eye centres fall together, are not finite, or are so far apart that the crop
            would be more than `MAX_CROP_SHARE` times as wide as the photo, or than `MAX_CROP_SIDE` pixels.
    """
    right_eye, left_eye = landmarks[0], landmarks[1]
    across = left_eye - right_eye
    distance = tf.norm(across)
    with tf.control_dependencies([_assert_plausible(distance, photo, settings)]):
        # How far one pixel to the right in the crop leads in the photo.
        step = across / (settings.size * settings.eye_distance)
    samples = tf.cast(tf.maximum(1.0, tf.math.ceil(tf.norm(step) - 1e-4)), tf.int32)
    samples = tf.minimum(samples, max(1, MAX_SAMPLES // settings.size))
    cosine, sine = step[0], step[1]
    turn = tf.stack([[cosine, -sine], [sine, cosine]])
    eye_middle = tf.constant(settings.eye_middle) * settings.size
    origin = (right_eye + left_eye) / 2 - tf.linalg.matvec(turn, eye_middle)
    corners = origin + tf.matmul(_corners(settings.size), turn, transpose_b=True)
    patch, low = _cut(photo, tf.reduce_min(corners, axis=0), tf.reduce_max(corners, axis=0))
    sampled = _sample(patch, turn / tf.cast(samples, tf.float32), origin - low, settings.size * samples)
    return _shrink(sampled, samples, settings.size)


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


def _cut(photo: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The part of the photo that lies between two points (x, y), a pixel wider on each side and never empty.

    A large photo would otherwise become floating point as a whole for one small face.

    Returns:
        float32 [h, w, 3], and the (x, y) of its corner in the photo.
    """
    extent = tf.cast(tf.shape(photo)[1::-1], tf.float32)
    first = tf.clip_by_value(tf.floor(low) - 1, 0.0, extent - 1)
    last = tf.clip_by_value(tf.math.ceil(high) + 1, first + 1, extent)
    x0, y0 = tf.unstack(tf.cast(first, tf.int32))
    x1, y1 = tf.unstack(tf.cast(last, tf.int32))
    return tf.cast(photo[y0:y1, x0:x1], tf.float32), first


def _sample(patch: tf.Tensor, turn: tf.Tensor, origin: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Bilinear samples of a patch on a square lattice; outside the patch its edge pixels go on.

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


def _shrink(sampled: tf.Tensor, samples: tf.Tensor, size: int) -> tf.Tensor:
    """The mean of each `samples` x `samples` block, rounded as Pillow rounds: uint8 [size, size, 3]."""
    # Pillow's samples are whole grey levels, rounded down; what float32 loses must not make that one level less.
    levels = tf.cast(tf.floor(sampled + 1e-3), tf.int32)
    blocks = tf.reshape(levels, (size, samples, size, samples, 3))
    total = tf.cast(tf.reduce_sum(blocks, axis=(1, 3)), tf.int64)
    count = tf.cast(samples, tf.int64) ** 2
    # Pillow divides by multiplying with the rounded-down reciprocal in 24 bits.
    mean = tf.bitwise.right_shift((total + count // 2) * (2**24 // count), tf.constant(24, tf.int64))
    return tf.cast(mean, tf.uint8)
