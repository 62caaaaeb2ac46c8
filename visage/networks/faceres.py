"""Builds the trunk of HSE's face network `faceres-deep`, a MobileNet v1 of 27 convolutions on colour.

Savchenko, Efficient facial representations for age, gender and identity recognition in organizing photo albums using
multi-output ConvNet (PeerJ Computer Science 2019); Howard et al., MobileNets (2017). Batch normalization is part of the
convolutions, as the published graph has it.
"""

from __future__ import annotations

import keras

from visage.networks.rescaling import Rescaling
from visage.networks.trunks import TRUNKS

PREFIX = TRUNKS["faceres"].prefix
# The values that the network subtracts from each channel, red first. It was trained on blue, green, red: its weights
# are loaded in our order (`visage.networks.pretrained.faceres_weights`).
_MEAN_COLOUR = (123.68, 116.779, 103.939)
# (filters, stride) of the separable convolutions, in order.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
FIRST = f"{PREFIX}conv_1"
FEATURES, AGE, GENDER = f"{PREFIX}features", f"{PREFIX}age", f"{PREFIX}gender"
# Blocks (from 1) that `features` pools.
_TAPS = (5, 7, 9, 11, 12, 13)
# The number of ages, 1 to 100 years, of its own head.
_AGES = 100


def depthwise(number: int) -> str:
    """Returns the name of the depthwise convolution of a block, from 1."""
    return f"{PREFIX}depthwise_{number}"


def pointwise(number: int) -> str:
    """Returns the name of the 1x1 convolution of a block, from 1."""
    return f"{PREFIX}pointwise_{number}"


BLOCKS = range(1, len(_BLOCKS) + 1)
"""The numbers of the blocks."""


def blocks(pixels: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Returns the outputs of the 13 separable convolutions, in order.

    Args:
        pixels: [N, side, side, 3] in 0..255, RGB; any side from 32.

    Returns:
        [N, side / 2, side / 2, 64] to [N, side / 32, side / 32, 1024].
    """
    layers = keras.layers
    x = Rescaling(1.0, offset=[-mean for mean in _MEAN_COLOUR], name=f"{PREFIX}rescaling")(pixels)
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu6", name=FIRST)(x)
    outputs = []
    for number, (filters, stride) in zip(BLOCKS, _BLOCKS, strict=True):
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", activation="relu6", name=depthwise(number))(x)
        x = layers.Conv2D(filters, 1, activation="relu6", name=pointwise(number))(x)
        outputs.append(x)
    return outputs


def features(pixels: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Returns what our networks read of the trunk: several pooled levels, and its own answers.

    Args:
        pixels: [N, side, side, 3] in 0..255, RGB.
    """
    levels = blocks(pixels)
    pooled = [keras.layers.GlobalAveragePooling2D(name=f"{PREFIX}tap_{number}")(levels[number - 1]) for number in _TAPS]
    own = own_features(pooled[-1])
    return [*pooled, own, *own_heads(own)]


def own_features(pooled: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the 256 numbers from which its own heads predict: the pooled last block [N, 1024] to [N, 256]."""
    return keras.layers.Dense(256, activation="relu", name=FEATURES)(pooled)


def own_heads(features: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Returns the raw outputs of its own heads for `own_features`.

    Returns:
        The logits of the ages 1 to 100 [N, 100], and the logit of P(male) [N, 1].
    """
    dense = keras.layers.Dense
    return dense(_AGES, name=AGE)(features), dense(1, name=GENDER)(features)
