"""Builds our network of two trunks: dlib's face network and HSE's, each under a head as that of `visage`.

The network answers with the mean of both. Their errors differ enough that the mean is better than the best head on one
trunk, and than one head on both (`docs/experiments.md`).
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.on_trunks import build_on_trunks


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the two members, and the means of their outputs.

    Args:
        input_size: pixels; 150, the larger trunk's side. The other trunk takes 128, resized in the graph.
        channels: 3.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    return build_on_trunks("visage_duo", ("dlib", "faceres"), input_size, channels, age_head, gender_head)
