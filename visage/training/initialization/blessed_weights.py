"""Loads the weights of a model that this pipeline has pushed, for a warm start."""

from __future__ import annotations

from pathlib import Path

import keras

from visage.errors import VisageError
from visage.saved_model.metadata import METADATA_FILE, known_metadata
from visage.saved_model.network_weights import read_network_weights

_HINT = "train one with trainer.weights=null (or dlib, imagenet, a file) first"


def load_blessed_weights(network: keras.Model, saved_model: str | None) -> None:
    """Sets all weights to those of a SavedModel that `visage.saved_model.export` wrote.

    Args:
        network: of the same recipe.
        saved_model: its folder; None: no model has been pushed yet.

    Raises:
        VisageError: there is none, it is damaged, or it is another network.
    """
    # Imported here, since the other sources of weights need no TensorFlow.
    import tensorflow as tf

    if saved_model is None:
        raise VisageError(f"trainer.weights: blessed: this pipeline has pushed no model yet; {_HINT}")
    trained = known_metadata(Path(saved_model)).network
    if trained is None:
        raise VisageError(
            f"trainer.weights: blessed: {saved_model}/{METADATA_FILE} is missing or damaged; push that model again, or "
            f"{_HINT}"
        )
    if trained != network.name:
        raise VisageError(f"trainer.weights: blessed: the model pushed last is a {trained}, no {network.name}; {_HINT}")
    try:
        read_network_weights(network, saved_model)
    except (IndexError, RuntimeError, tf.errors.OpError):
        raise VisageError(
            f"trainer.weights: blessed: {saved_model}/variables is missing or damaged; push that model again, or "
            f"{_HINT}"
        ) from None
    except (AssertionError, ValueError):
        raise VisageError(
            f"trainer.weights: blessed: the model pushed last is a {trained} of other layers or heads; {_HINT}"
        ) from None
