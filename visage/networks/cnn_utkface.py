"""Builds the published two-headed CNN for UTKFace: 64x64 grey, exactly 6,515,714 parameters, gender 90.37 %, AUC 0.93.

Conv 32 3x3, Conv 64 3x3, MaxPool, Conv 128 3x3, MaxPool, Dropout, Flatten (25,088), and two branches of Dense 128,
Dropout, Dense 1; valid padding, so the maps go 62, 60, 30, 28, 14. The source is the layer table and the figures of
this project's design, which names no author. It does not give loss, optimizer, schedule and the rate of the dropout;
those are our choice: `recipes/cnn_utkface.yaml`.
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs
from visage.networks.rescaling import Rescaling

# Low, since this network underfits in the few epochs that a CPU has time for.
_DROPOUT = 0.1


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds three valid convolutions, then one dense branch each for age and gender.

    Args:
        input_size: pixels; side of the image, 64 as published.
        channels: 1 grey, as published, or 3 colour.
        age_head: "regression" as published.
        gender_head: "binary" as published.
    """
    layers = keras.layers
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = Rescaling(1 / 127.5, offset=-1)(pixels)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(_DROPOUT)(x)
    x = layers.Flatten()(x)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head, _branch), name="cnn_utkface")


def _branch(x: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Dropout(_DROPOUT)(keras.layers.Dense(128, activation="relu")(x))
