"""Builds our own small network: the first ten residual blocks of dlib's face network under a small head.

It has four fifths of the trunk's arithmetic and a sixth of the parameters of `visage`. Distillation from `visage` makes
up for the three levels that are left out (`visage/training/distillation/losses.py`).
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.dlib_resnet import pooled_levels
from visage.networks.heads import dense_outputs, hidden_of_levels

# Residual blocks (from 1) that are pooled: the last of each resolution.
_TAPS = (3, 7, 10)
# Filters that reduce the last map from 8x8x128 to 4x4: the head gets positions, as that of `visage` does.
_PLACE_FILTERS = 32
_WIDTH = 256
_DROPOUT_OF_LEVELS = 0.2
_DROPOUT = 0.4


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds ten blocks, three pooled levels and one narrowed map, then Dense 256 with GELU, and the heads.

    Args:
        input_size: pixels; 150, which the trunk's geometry requires.
        channels: 3.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    pixels, levels, pooled = pooled_levels(input_size, channels, _TAPS)
    narrowed = keras.layers.Conv2D(_PLACE_FILTERS, 3, strides=2, padding="same", activation="gelu", name="narrowed")
    places = keras.layers.Flatten(name="places")(narrowed(levels[-1]))
    x = hidden_of_levels([*pooled, places], _WIDTH, _DROPOUT_OF_LEVELS, _DROPOUT)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="visage_small")
