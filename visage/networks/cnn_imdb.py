"""Builds the trunk that `cnn_imdb_age` and `cnn_imdb_gender` share: 128x128 colour, three convolutions."""

import keras

from visage.networks.rescaling import Rescaling


def trunk(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Maps pixels [N, 128, 128, 3] in 0..255 to features [N, 123008]: the maps go 64x64, 31x31, 31x31, 31x31."""
    layers = keras.layers
    x = Rescaling(1 / 255)(pixels)
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu")(x)
    return layers.Flatten()(x)


def dense(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Adds a hidden layer and its dropout."""
    # The published table gives no rate; this is the most usual one.
    return keras.layers.Dropout(0.5)(keras.layers.Dense(width, activation="relu")(x))
