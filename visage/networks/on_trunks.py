"""Puts one hidden layer on the features of any number of pretrained trunks."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import keras
from keras import ops

from visage.networks.heads import hidden_of_levels
from visage.networks.trunks import TRUNKS, Trunk


def build_on_trunks(
    trunks: Sequence[Trunk], input_size: int, channels: int, width: int, dropout_of_levels: float, dropout: float
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Builds the input, every trunk at its own size, and the hidden layer on the features of all of them.

    Args:
        trunks: their names.
        input_size: pixels; side of the input.
        channels: 3.
        width: number of hidden units.
        dropout_of_levels: fraction of the features, 0..1.
        dropout: fraction of the hidden units, 0..1.

    Returns:
        The input [N, input_size, input_size, 3] in 0..255, RGB, and the hidden layer [N, width].
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    features: list[keras.KerasTensor] = []
    for trunk in trunks:
        features += importlib.import_module(TRUNKS[trunk].module).features(_resized(pixels, TRUNKS[trunk].input_size))
    return pixels, hidden_of_levels(features, width, dropout_of_levels, dropout)


def _resized(pixels: keras.KerasTensor, side: int) -> keras.KerasTensor:
    """Returns pixels [N, side, side, 3]."""
    return pixels if pixels.shape[1] == side else ops.image.resize(pixels, (side, side), interpolation="bilinear")
