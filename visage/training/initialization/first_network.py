"""Builds the network that a training starts from, with its first weights and its frozen layers."""

from __future__ import annotations

import keras

from visage.networks.pretrained.weights import load_weights
from visage.training.distillation.teacher import find_teacher
from visage.training.features.freezing import freeze
from visage.training.initialization.blessed_weights import load_blessed_weights
from visage.training.predict_teacher import load_teacher
from visage.training.settings import TrainerSettings


def first_network(settings: TrainerSettings, blessed: str | None) -> keras.Model:
    """Builds the recipe's network with its first weights and its layers frozen.

    Args:
        settings: the recipe.
        blessed: SavedModel of the model that was pushed last, if the recipe starts from it.

    Raises:
        VisageError: the first weights are missing or do not fit, or `freeze` selects no layers, or all.
    """
    network = settings.spec.build()
    if settings.weights == "blessed":
        load_blessed_weights(network, blessed)
    else:
        load_weights(network, settings.weights)
    freeze(network, settings.freeze)
    return network


def check_start(settings: TrainerSettings, blessed: str | None) -> None:
    """Starts a training as the Trainer will and discards it, to report missing inputs before any image is read.

    Args:
        settings: the recipe.
        blessed: as of `first_network`.

    Raises:
        VisageError: `first_network` fails, or the teacher cannot be loaded.
    """
    if settings.distillation.teacher is not None:
        load_teacher(find_teacher(settings.distillation.teacher))
    if settings.weights is not None or settings.freeze is not None:
        first_network(settings, blessed)
        # Otherwise Keras would continue its numbering of layers, and the Trainer's would have other names.
        keras.utils.clear_session()
