"""Rescales pixels to a network's input range."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


class Rescaling(keras.layers.Layer):
    """Pixels times a scale plus an offset, on every back end: Keras's own layer of this name requires TensorFlow.

    Args:
        scale: for all channels.
        offset: for all channels, or one for each channel.
        name: name of the layer.
    """

    def __init__(self, scale: float, offset: float | Sequence[float] = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self._scale = scale
        self._offset = offset

    def call(self, pixels: Any) -> Any:
        """Rescales pixels [N, side, side, channels] to the same shape."""
        offset = ops.convert_to_tensor(self._offset, self.compute_dtype)
        return pixels * ops.cast(self._scale, self.compute_dtype) + offset

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape
