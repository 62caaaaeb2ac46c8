"""A network of one dense layer, as CONTRIBUTING.md describes a new one."""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Returns the pixels, flat, under the heads."""
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    features = keras.layers.Flatten()(pixels)
    return keras.Model(pixels, dense_outputs(features, age_head, gender_head), name="toy_network")
