"""Builds our own network: dlib's face network, with several levels pooled into a small head.

Features that identify faces are not those that determine ages: the last level contains little of the latter (mean
absolute error of 7.8 years from the descriptor alone, 6.6 from its 256 pooled numbers, 4.4 from several levels;
`docs/experiments.md`).
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.on_trunks import build_on_trunks


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the trunk, five pooled levels, the descriptor and one map, then Dense 512 with GELU, and the heads.

    Args:
        input_size: pixels; 150, which the trunk's geometry requires.
        channels: 3.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    return build_on_trunks("visage", ("dlib",), input_size, channels, age_head, gender_head)
