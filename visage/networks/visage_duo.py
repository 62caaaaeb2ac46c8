"""Builds our network of two trunks: dlib's face network and HSE's, under one head as that of `visage`.

The errors of the two trunks differ enough that a head on both is better than the best head on one
(`docs/experiments.md`).
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs
from visage.networks.on_trunks import build_on_trunks
from visage.networks.trunks import Trunk

_TRUNKS: tuple[Trunk, ...] = ("dlib", "faceres")
_WIDTH = 512
_DROPOUT_OF_LEVELS = 0.3
_DROPOUT = 0.5


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds both trunks at their own sizes, their levels, then Dense 512 with GELU, and the heads.

    Args:
        input_size: pixels; any from 32.
        channels: 3.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    pixels, x = build_on_trunks(_TRUNKS, input_size, channels, _WIDTH, _DROPOUT_OF_LEVELS, _DROPOUT)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head), name="visage_duo")
