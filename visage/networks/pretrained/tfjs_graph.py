"""Reads the weights of a TensorFlow.js graph model (model.json and its .bin shards), without TensorFlow.js.

The format, as tfjs-converter writes it: `weightsManifest` is a list of groups; the shards (`paths`) of a group, one
after another, hold its `weights` in their order, each of them `shape` numbers of `dtype`, lowest byte first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_DTYPES = {"float32": "<f4", "int32": "<i4"}


def read_weights(model: bytes, read_shard: Callable[[str], bytes]) -> dict[str, np.ndarray]:
    """Reads all weights of a graph model, by the name of their node.

    Args:
        model: content of its JSON file.
        read_shard: returns the content of a shard by its name, which lies beside the JSON file.

    Returns:
        float32 or int32, read-only, of the shapes that the file names.

    Raises:
        ValueError: one line; it is no graph model, a shard has another size than its weights, or they are quantized.
        Whatever `read_shard` raises.
    """
    try:
        document = json.loads(model)
        groups = [(list(map(str, group["paths"])), list(group["weights"])) for group in document["weightsManifest"]]
    except (ValueError, KeyError, TypeError):
        raise ValueError("it is no graph model of TensorFlow.js") from None
    weights: dict[str, np.ndarray] = {}
    for shards, entries in groups:
        data = b"".join(map(read_shard, shards))
        start = 0
        for entry in entries:
            name, shape, dtype = _described(entry)
            size = 4 * math.prod(shape)
            if start + size > len(data):
                raise ValueError(f"{', '.join(shards)}: {len(data):,} bytes, and {name} ends at {start + size:,}")
            weights[name] = np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)
            start += size
        if start != len(data):
            raise ValueError(f"{', '.join(shards)}: {len(data):,} bytes, and the weights take {start:,}")
    return weights


def _described(entry: Mapping[str, Any]) -> tuple[str, list[int], str]:
    """Returns the name, the shape and NumPy's type of a weight."""
    try:
        name, shape = str(entry["name"]), [int(side) for side in entry["shape"]]
        dtype = _DTYPES.get(str(entry["dtype"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("a weight lacks its name, shape or dtype") from None
    if dtype is None or "quantization" in entry or min(shape, default=0) < 0:
        raise ValueError(f"{name}: only float32 and int32 that are not quantized can be read")
    return name, shape, dtype
