"""Loads the part of a SavedModel that a device can run: from pixels to numbers, without JPEG and text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from visage.errors import VisageError
from visage.saved_model.load import load_saved_model
from visage.tensorflow_messages import first_cause


@dataclass(frozen=True)
class Network:
    """`from_pixels` of a SavedModel (`visage/saved_model/signatures.py`).

    Attributes:
        saved_model: the whole SavedModel; its variables live as long as it does.
        input_size: pixels; side of the images.
        channels: 1 grey, 3 colour.
    """

    saved_model: Any
    input_size: int
    channels: int

    def __call__(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        """Predicts crops.

        Args:
            pixels: uint8 [N, input_size, input_size, channels], 0..255.

        Returns:
            `age` float32 [N] years, `age_probabilities` float32 [N, 101] or [N, 8], `gender_probability` float32 [N],
            P(male); without those that the model does not predict.
        """
        outputs: dict[str, tf.Tensor] = self.saved_model.from_pixels(pixels)
        return outputs


def load_network(model: Path) -> Network:
    """Loads a SavedModel that the Trainer exported.

    Raises:
        VisageError: it is damaged, or was exported before a model had `from_pixels`.
    """
    try:
        saved_model = load_saved_model(model)
    except Exception as error:  # TensorFlow raises nearly any exception for damaged files.
        raise VisageError(f"{model}: the model cannot be loaded ({first_cause(error)[:200]}); push it again") from error
    if not hasattr(saved_model, "from_pixels"):
        raise VisageError(
            f"{model}: an older VisAge exported it, without the part that devices can run; train it again (visage run)"
        )
    (function,) = saved_model.from_pixels.concrete_functions
    (pixels,) = function.structured_input_signature[0]
    return Network(saved_model, input_size=pixels.shape[1], channels=pixels.shape[3])
