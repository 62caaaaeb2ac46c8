"""Puts a hidden layer and heads on the features of each of any number of pretrained trunks."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import keras
from keras import ops

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs, hidden_of_levels
from visage.networks.members import with_mean
from visage.networks.trunks import TRUNKS, Trunk

_WIDTH = 512
# Most of a head's two million weights belong to places of the last map: without dropout the head memorizes the few
# thousand faces of a data set (docs/experiments.md).
_DROPOUT_OF_LEVELS = 0.3
_DROPOUT = 0.5


def build_on_trunks(
    name: str,
    trunks: Sequence[Trunk],
    input_size: int,
    channels: int,
    age_head: AgeHead | None,
    gender_head: GenderHead | None,
) -> keras.Model:
    """Builds every trunk at its own size, Dense 512 with GELU on the levels of each, and the heads.

    Several trunks are members of the network (`visage.networks.members`).

    Args:
        name: of the network.
        trunks: their names.
        input_size: pixels; side of the input.
        channels: 3.
        age_head: None: no age.
        gender_head: None: no gender.
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    several = len(trunks) > 1
    by_trunk: dict[str, dict[str, keras.KerasTensor]] = {
        trunk: _outputs(pixels, trunk, age_head, gender_head, trunk if several else "") for trunk in trunks
    }
    return keras.Model(pixels, with_mean(by_trunk) if several else by_trunk[trunks[0]], name=name)


def _outputs(
    pixels: keras.KerasTensor, trunk: Trunk, age_head: AgeHead | None, gender_head: GenderHead | None, member: str
) -> dict[str, keras.KerasTensor]:
    """Returns the raw outputs of the heads on one trunk."""
    spec = TRUNKS[trunk]
    levels = importlib.import_module(spec.module).features(_resized(pixels, spec.input_size))
    x = hidden_of_levels(levels, _WIDTH, _DROPOUT_OF_LEVELS, _DROPOUT, member)
    return dense_outputs(x, age_head, gender_head, member=member)


def _resized(pixels: keras.KerasTensor, side: int) -> keras.KerasTensor:
    """Returns pixels [N, side, side, 3]."""
    return pixels if pixels.shape[1] == side else ops.image.resize(pixels, (side, side), interpolation="bilinear")
