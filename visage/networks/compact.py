"""Builds a small colour network: separable residual blocks and a distribution over the ages 0 to 100."""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs
from visage.networks.rescaling import Rescaling

_STEM_CHANNELS = 24
# (channels, stride) of the residual blocks; 64 pixels become 32 after the stem and 4 after the last block.
_BLOCKS = ((48, 2), (48, 1), (96, 2), (96, 1), (192, 2), (192, 1))


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds a stem, six residual blocks of depthwise-separable convolutions, average pooling and heads.

    Args:
        input_size: pixels; side of the image.
        channels: 1 grey, 3 colour.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    layers = keras.layers
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = Rescaling(1 / 127.5, offset=-1)(pixels)
    x = layers.Conv2D(_STEM_CHANNELS, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.Activation("relu")(_normalize(x))
    for width, stride in _BLOCKS:
        x = _residual_block(x, width, stride)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="compact")


def _residual_block(x: keras.KerasTensor, width: int, stride: int) -> keras.KerasTensor:
    """Adds two separable convolutions to a shortcut, which is projected if the shape changes."""
    layers = keras.layers
    shortcut = x
    if stride != 1 or x.shape[-1] != width:
        shortcut = _normalize(layers.Conv2D(width, 1, strides=stride, use_bias=False)(x))
    x = _normalize(layers.SeparableConv2D(width, 3, strides=stride, padding="same", use_bias=False)(x))
    x = layers.Activation("relu")(x)
    x = _normalize(layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x))
    return layers.Activation("relu")(layers.Add()([x, shortcut]))


def _normalize(x: keras.KerasTensor) -> keras.KerasTensor:
    # A short memory, since the portraits give few steps and the averages must settle before the first validation.
    return keras.layers.BatchNormalization(momentum=0.9)(x)
