"""Builds the published CNN that predicts the gender on IMDB-WIKI: 128x128 colour, exactly 63,074,753 parameters, 85 %.

The convolutions of `cnn_imdb_age` (93,632 parameters), then Dense 512 (62,980,608), Dropout, Dense 1 (513). Trained
with binary cross-entropy, and otherwise as `cnn_imdb_age`, from the same source: `recipes/cnn_imdb_gender.yaml`.
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
        age_head: None as published.
        gender_head: "binary" as published.
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = dense(trunk(pixels), 512)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="cnn_imdb_gender")
