"""Mirrors, moves, scales, turns and slants images in one resampling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Moves:
    """One move for each of N images, applied about its middle in this order.

    Attributes:
        flipped: bool [N], whether left and right change places.
        shear: float32 [N], how many pixels a row moves to the right for each pixel that it lies below the middle.
        zoom: float32 [N], factor above 0; above 1 enlarges.
        rotation: float32 [N], degrees, clockwise.
        shift: float32 [N, 2], to the right and down, in fractions of the side.
    """

    flipped: tf.Tensor
    shear: tf.Tensor
    zoom: tf.Tensor
    rotation: tf.Tensor
    shift: tf.Tensor


def move(pixels: tf.Tensor, moves: Moves) -> tf.Tensor:
    """Moves each image of a batch; edge pixels fill uncovered areas.

    Args:
        pixels: float32 [N, side, side, channels].
        moves: one for each image.

    Returns:
        float32, same shape; bilinear samples, hence within the range of the input.
    """
    side = tf.cast(tf.shape(pixels)[1], tf.float32)
    back = _undone(moves)
    middle = tf.fill([2], (side - 1) / 2)
    # Two differences, not one with the sum of both, so that whole pixels stay whole in float32.
    start = (middle - tf.linalg.matvec(back, middle)) - tf.linalg.matvec(back, moves.shift * side)
    zero = tf.zeros_like(moves.zoom)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack(
            [back[:, 0, 0], back[:, 0, 1], start[:, 0], back[:, 1, 0], back[:, 1, 1], start[:, 1], zero, zero], axis=1
        ),
        output_shape=tf.shape(pixels)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def mirror(pixels: tf.Tensor, flipped: tf.Tensor) -> tf.Tensor:
    """Mirrors the images where `flipped`, bool [N], is set, as `move` does but at a tenth of its cost."""
    side, channels = tf.shape(pixels)[2], pixels.shape[-1]
    # TensorFlow reverses the middle of three dimensions by whole pixels, but one of four value by value.
    mirrored = tf.reverse(tf.reshape(pixels, (-1, side, channels)), axis=[1])
    # `tf.where` cannot choose whole images without visiting each value.
    return tf.raw_ops.Select(condition=flipped, x=tf.reshape(mirrored, tf.shape(pixels)), y=pixels)


def _undone(moves: Moves) -> tf.Tensor:
    """Returns the matrices [N, 2, 2] from a pixel (x, y) of the moved image to its origin, without the shift."""
    angle = moves.rotation * (math.pi / 180)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    zero, one = tf.zeros_like(cosine), tf.ones_like(cosine)
    turned_back = _matrices([cosine, sine], [-sine, cosine])
    upright = _matrices([one, -moves.shear], [zero, one])
    mirrored = _matrices([tf.where(moves.flipped, -1.0, 1.0), zero], [zero, one])
    return mirrored @ upright @ turned_back / moves.zoom[:, None, None]


def _matrices(*rows: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)
