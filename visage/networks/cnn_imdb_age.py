"""Builds the published CNN that regresses the age on IMDB-WIKI: 128x128 colour, exactly 31,716,033 parameters, MAE 9.5.

Its layers reproduce the published count: Conv 32 of stride 2 (896), MaxPool, BatchNorm (128), Conv 64
(18,496), BatchNorm (256), Conv 128 (73,856), Flatten 123,008, Dense 256 (31,490,304), Dropout, Dense 512 (131,584),
Dropout, Dense 1 (513). Trained with the absolute error, Adam at 0.002, 20 epochs, early stopping of patience 5, and
images turned by up to 40 degrees, sheared, zoomed and flipped: `recipes/cnn_imdb_age.yaml`. The source is the layer
table and the figures of this project's design, which names no author; the rate of the dropout is not in it.
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.cnn_imdb import dense, trunk
from visage.networks.heads import dense_outputs


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the network.

    Args:
        input_size: pixels; side of the image, 128 as published.
        channels: 3 as published.
        age_head: "regression" as published.
        gender_head: None as published.
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = dense(dense(trunk(pixels), 256), 512)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="cnn_imdb_age")
