"""Saves a model as earlier versions of VisAge did: the module tracks the network, so variables are saved twice."""

from pathlib import Path

import keras
import tensorflow as tf

from visage.faces.settings import AlignmentSettings
from visage.networks import NetworkSpec
from visage.saved_model.export import export
from visage.saved_model.signatures import FaceModel

SIGNATURES = ("serving_default", "align_and_predict", "evaluate")


class TracksNetwork(FaceModel):
    """A model with the network as an attribute, which `tf.Module` tracks."""

    def __init__(self, network: keras.Model, spec: NetworkSpec, alignment: AlignmentSettings) -> None:
        super().__init__(network, spec, alignment)
        self._weights = []
        self._network = network


def export_as_once(network: keras.Model, spec: NetworkSpec, alignment: AlignmentSettings, directory: Path) -> None:
    """Writes the SavedModel with warm-up requests and description, as `export` does."""
    export(network, spec, alignment, str(directory))
    model = TracksNetwork(network, spec, alignment)
    tf.saved_model.save(model, str(directory), signatures={name: getattr(model, name) for name in SIGNATURES})
