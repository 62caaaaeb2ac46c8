"""Builds the trunk of dlib's face network, a residual network of 29 convolutions on 150x150 colour.

King, Dlib-ml (JMLR 2009), and dlib's examples/dnn_face_recognition_ex.cpp: He et al., Deep residual learning (CVPR
2016), with a few layers less and half the filters. Batch normalization is part of the convolutions, as dlib freezes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from visage.networks.rescaling import Rescaling
from visage.networks.trunks import TRUNKS

PREFIX = TRUNKS["dlib"].prefix
# The values that dlib subtracts from each channel, red first, before it divides by 256.
_MEAN_COLOUR = (122.782, 117.001, 104.298)
# (filters, whether the block halves the side), in order.
_BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True)] + [(64, False)] * 3,
    *[(128, True)] + [(128, False)] * 2,
    *[(256, True)] + [(256, False)] * 2,
    (256, True),
)
# Residual blocks (from 1) that `features` pools: the last of each resolution.
_TAPS = (3, 7, 10, 13, 14)
# The block whose 4x4 map `features` returns unpooled.
_MAP = 13
DESCRIPTOR = f"{PREFIX}descriptor"


def blocks(pixels: keras.KerasTensor, count: int = len(_BLOCKS)) -> list[keras.KerasTensor]:
    """Returns the outputs of the first residual blocks, in order.

    Args:
        pixels: [N, 150, 150, 3] in 0..255, RGB.
        count: number of blocks, at most 14.

    Returns:
        Of all 14:
        [N, 35, 35, 32] three times, [N, 17, 17, 64] four times, [N, 8, 8, 128] three times, [N, 4, 4, 256] three times,
        and [N, 2, 2, 256].
    """
    layers = keras.layers
    x = Rescaling(1 / 256, offset=[-mean / 256 for mean in _MEAN_COLOUR], name=f"{PREFIX}rescaling")(pixels)
    x = layers.Conv2D(32, 7, strides=2, activation="relu", name=f"{PREFIX}conv_1")(x)
    x = layers.MaxPooling2D(3, 2, name=f"{PREFIX}pool")(x)
    outputs = []
    for number, (filters, halves) in enumerate(_BLOCKS[:count], 1):
        x = _block(x, filters, halves, number)
        outputs.append(x)
    return outputs


def pooled_levels(
    input_size: int, channels: int, taps: Sequence[int]
) -> tuple[keras.KerasTensor, list[keras.KerasTensor], list[keras.KerasTensor]]:
    """Builds the input, the residual blocks up to the last of `taps`, and the pooled outputs of `taps`.

    Args:
        input_size: pixels; 150.
        channels: 3.
        taps: numbers of residual blocks, from 1, ascending.

    Returns:
        The input [N, 150, 150, 3]; the outputs of the blocks, as `blocks` describes them; one [N, filters] per tap.
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    levels = blocks(pixels, max(taps))
    return pixels, levels, _pooled(levels, taps)


def features(pixels: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Returns what our networks read of the whole trunk: several levels of it.

    Args:
        pixels: [N, 150, 150, 3] in 0..255, RGB.

    Returns:
        The pooled last block of each resolution [N, 32], [N, 64], [N, 128], [N, 256], [N, 256]; the descriptor
        [N, 128]; the last 4x4 map [N, 4096].
    """
    levels = blocks(pixels)
    pooled = _pooled(levels, _TAPS)
    places = keras.layers.Flatten(name="places")(levels[_MAP - 1])
    return [*pooled, descriptor(levels[-1]), places]


def descriptor(last_block: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the 128 numbers by which dlib identifies faces: [N, 2, 2, 256] to [N, 128]."""
    pooled = keras.layers.GlobalAveragePooling2D(name=f"{PREFIX}pooled")(last_block)
    return keras.layers.Dense(128, use_bias=False, name=DESCRIPTOR)(pooled)


def _pooled(levels: Sequence[keras.KerasTensor], taps: Sequence[int]) -> list[keras.KerasTensor]:
    return [keras.layers.GlobalAveragePooling2D(name=f"tap_{number}")(levels[number - 1]) for number in taps]


def _block(x: keras.KerasTensor, filters: int, halves: bool, number: int) -> keras.KerasTensor:
    """Adds two convolutions to a shortcut; as in dlib, the smaller one is padded if they halve differently."""
    layers, name = keras.layers, f"{PREFIX}block_{number}"
    first = f"{PREFIX}conv_{2 * number}"
    y = layers.Conv2D(
        filters, 3, strides=2 if halves else 1, padding="valid" if halves else "same", activation="relu", name=first
    )(x)
    y = layers.Conv2D(filters, 3, padding="same", name=f"{PREFIX}conv_{2 * number + 1}")(y)
    if halves:
        x = layers.AveragePooling2D(2, name=f"{name}_shortcut")(x)
        shape = [max(sides) for sides in zip(x.shape[1:], y.shape[1:], strict=True)]
        x, y = _pad(x, shape), _pad(y, shape)
    return layers.ReLU(name=name)(layers.Add(name=f"{name}_sum")([x, y]))


def _pad(x: keras.KerasTensor, shape: list[int]) -> keras.KerasTensor:
    """Pads with zeros below, to the right and after the last channel, up to a shape."""
    missing = [(0, wanted - there) for wanted, there in zip(shape, x.shape[1:], strict=True)]
    return ops.pad(x, [(0, 0), *missing]) if any(after for _, after in missing) else x
