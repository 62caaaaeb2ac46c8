"""Builds the published mobile network: MobileNet without its top, 2 softmax genders and 101 softmax ages.

MobileNet (Howard et al., 2017, https://arxiv.org/abs/1704.04861) of width 1 with Keras's published 3,228,864
parameters, global average pooling, Dropout 0.5, Dense 1024 (1,049,600), then a softmax of 101 ages (103,525) and one of
2 genders (2,050): 4,384,039. From "Estimating Age and Gender with MobileNets" (Y Media Labs, 2018), whose code trains
at 224x224 with SGD at 0.001 in steps, and the rate reduced on plateau: `recipes/mobilenet_imdb.yaml`.
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs
from visage.networks.rescaling import Rescaling


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the network; any input size of at least 32 pixels has the same weights.

    Args:
        input_size: pixels; side of the image.
        channels: 3 as published.
        age_head: "softmax" as published.
        gender_head: "softmax" as published.
    """
    layers = keras.layers
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    # The range on which Keras's ImageNet weights were trained: -1..1.
    x = Rescaling(1 / 127.5, offset=-1)(pixels)
    x = keras.applications.MobileNet(input_tensor=x, include_top=False, weights=None).output
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(1024, activation="relu")(layers.Dropout(0.5)(x))
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="mobilenet")
