"""Loads VGG-Face's published weights from a Keras 2 file of its sequential model into the network `vggface`."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np

# The layers that `vggface` has too: all convolutions but the last, which classifies 2,622 people.
_SHARED = ("conv", "fc")


def is_sequential_file(path: Path) -> bool:
    """Returns whether a file is an HDF5 file of weights as Keras 2 wrote them, layer after layer.

    Raises:
        OSError: it is no HDF5 file.
    """
    with h5py.File(path) as file:
        return "layer_names" in file.attrs or "model_weights" in file


def load_vggface_weights(network: keras.Model, path: Path) -> None:
    """Sets the convolutions that `network` shares with VGG-Face, in order; its heads do not change.

    Args:
        network: a `vggface`.
        path: `vgg_face_weights.h5`, as Serengil published it, or a whole model of Keras 2.

    Raises:
        OSError, KeyError: it is damaged.
        ValueError: it holds other layers.
    """
    with h5py.File(path) as file:
        root = file.get("model_weights", file)
        groups = [root[name] for name in root.attrs["layer_names"]]
        weights = [[np.asarray(group[name]) for name in group.attrs["weight_names"]] for group in groups]
    published = [layer for layer in weights if layer]
    layers = [layer for layer in network.layers if layer.weights and layer.name.startswith(_SHARED)]
    if len(published) != len(layers) + 1:
        raise ValueError(f"it has {len(published)} layers with weights, VGG-Face {len(layers) + 1}")
    for layer, values in zip(layers, published, strict=False):
        layer.set_weights(values)
