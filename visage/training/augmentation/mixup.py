"""Mixes each image of a batch with another one (Zhang, Cisse, Dauphin, Lopez-Paz: mixup, ICLR 2018)."""

from __future__ import annotations

import tensorflow as tf

from visage.training.objective.labels import MIXED_IN, Labels


def mix(pixels: tf.Tensor, labels: Labels, seed: tf.Tensor, alpha: float) -> tuple[tf.Tensor, Labels]:
    """Replaces each image by a mixture of it and the one before it in the batch, whose order is random.

    Args:
        pixels: float32 [N, side, side, channels].
        labels: of each image, [N, ...].
        seed: int64 [2]; the same seed mixes alike, in any process.
        alpha: the fraction of one of two images has the distribution Beta(alpha, alpha). An image mixed with another
            one is drawn as often as the other way round, so the smaller fraction is always that of the second image.

    Returns:
        The mixtures, same shape and range; and the labels, with `mixup_fraction` and those of the second image.
    """
    fraction = _draw_smaller_fractions(tf.shape(pixels)[0], seed, alpha)
    second_pixels, second_labels = tf.nest.map_structure(lambda values: tf.roll(values, 1, axis=0), (pixels, labels))
    mixed = pixels + fraction[:, None, None, None] * (second_pixels - pixels)
    of_second = {f"{MIXED_IN}{name}": values for name, values in second_labels.items()}
    return mixed, {**labels, **of_second, "mixup_fraction": fraction}


def _draw_smaller_fractions(count: tf.Tensor, seed: tf.Tensor, alpha: float) -> tf.Tensor:
    """Draws the smaller one of a number from Beta(alpha, alpha) and its complement: float32 [N] in 0..0.5.

    Such a number is a / (a + b) of two from Gamma(alpha), and Gamma(alpha) is Gamma(alpha + 1) times a uniform number
    to the power of 1 / alpha (Marsaglia and Tsang, 2000). The logarithms of a and b do not underflow at small alphas.
    """
    gamma_seed, uniform_seed = tf.unstack(tf.random.split(seed, 2))
    gammas = tf.random.stateless_gamma([count, 2], gamma_seed, alpha + 1)
    uniform = 1 - tf.random.stateless_uniform([count, 2], uniform_seed)
    logarithms = tf.math.log(gammas) + tf.math.log(uniform) / alpha
    return tf.sigmoid(-tf.abs(logarithms[:, 0] - logarithms[:, 1]))
