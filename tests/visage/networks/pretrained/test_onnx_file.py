"""ONNX files are read without the package onnx, and become Keras layers; any other file is an error of one line."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.visage.networks.pretrained.onnx_writer import network
from visage.errors import VisageError
from visage.networks.pretrained.onnx_file import Node, read_graph
from visage.networks.pretrained.onnx_layers import layers_of

KERNEL = np.arange(2 * 3 * 3 * 3, dtype=np.float32).reshape(2, 3, 3, 3) / 50
BIAS, FACTOR, SHIFT = (np.array(pair, np.float32) for pair in ([1, -1], [0.5, 2], [3, -4]))
CONV = {"pads": [0, 0, 0, 0], "strides": [2, 2]}
CONSTANTS = {
    "kernel": KERNEL,
    "bias": BIAS,
    "factor": FACTOR.reshape(1, 2, 1, 1),
    "shift": SHIFT.reshape(1, 2, 1, 1),
}
FOLDED: list[tuple[str, list[str], str, dict[str, Any]]] = [
    ("Conv", ["images", "kernel", "bias"], "conv", CONV),
    ("Mul", ["conv", "factor"], "scaled", {}),
    ("Add", ["scaled", "shift"], "affine", {}),
]
TINY = network(FOLDED, CONSTANTS)


def written(folder: Path, content: bytes) -> Path:
    (folder / "net.onnx").write_bytes(content)
    return folder / "net.onnx"


def computed(folder: Path, content: bytes, images: np.ndarray, output: str) -> np.ndarray:
    inputs = keras.Input(images.shape[1:])
    outputs = layers_of(read_graph(written(folder, content)), inputs, output, "tiny_")
    result: np.ndarray = keras.Model(inputs, outputs).predict(images, verbose=0)
    return result


def test_a_graph_is_read_in_the_order_of_computation(tmp_path: Path) -> None:
    graph = read_graph(written(tmp_path, TINY))
    assert graph.nodes[0] == Node("Conv", ("images", "kernel", "bias"), "conv", {"pads": (0,) * 4, "strides": (2, 2)})
    assert [node.kind for node in graph.nodes] == ["Conv", "Mul", "Add"]
    assert (graph.inputs, graph.outputs) == (("images",), ("affine",))
    np.testing.assert_array_equal(graph.constants["kernel"], KERNEL)


def test_a_convolution_and_its_normalization_are_one_layer(tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype(np.float32)
    outputs = computed(tmp_path, TINY, images, "affine")
    patch = images[1, 2:5, 0:3].transpose(2, 0, 1)
    expected = ((KERNEL * patch).sum((1, 2, 3)) + BIAS) * FACTOR + SHIFT
    np.testing.assert_allclose(outputs[1, 1, 0], expected, rtol=1e-5)


def test_padding_of_channels_rows_and_columns_and_flattening_keep_the_order_of_onnx(tmp_path: Path) -> None:
    pads = np.array([0, 0, 0, 0, 0, 1, 1, 0], np.int64)
    content = network(
        [("Pad", ["images", "pads"], "padded", {}), ("Flatten", ["padded"], "flat", {"axis": 1})], {"pads": pads}
    )
    images = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    by_channel = np.pad(images[0].transpose(2, 0, 1), ((0, 1), (0, 1), (0, 0)))
    np.testing.assert_array_equal(computed(tmp_path, content, images, "flat")[0], by_channel.ravel())


def test_an_unknown_operation_is_named(tmp_path: Path) -> None:
    content = network([("LSTM", ["images"], "out", {})], {})
    with pytest.raises(VisageError, match="unknown operation LSTM; give the file of a known version"):
        computed(tmp_path, content, np.zeros((1, 2, 2, 3), np.float32), "out")


@given(st.integers(0, len(TINY) - 1))
def test_a_file_cut_short_anywhere_is_refused_or_lacks_its_last_parts(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    file = written(tmp_path_factory.mktemp("cut"), TINY[:length])
    with pytest.raises(VisageError, match=r"net\.onnx: no whole ONNX file \(.*\); install its package again"):
        read_graph(file)


def test_a_missing_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"none\.onnx: cannot be read: No such file"):
        read_graph(tmp_path / "none.onnx")


def test_weights_of_another_number_than_their_shape_are_refused(tmp_path: Path) -> None:
    content = TINY.replace(BIAS.tobytes(), BIAS.tobytes()[:4] + b"\0\0\0\0")
    assert read_graph(written(tmp_path, content)).constants["bias"][1] == 0
    three = network([("Relu", ["images"], "out", {})], {"half": np.zeros(3, np.float32)})
    # The field `dims`, as protobuf packs it.
    wrong = three.replace(b"\x0a\x01\x03", b"\x0a\x01\x04")
    with pytest.raises(VisageError, match=r"half has 3 numbers and the shape \[4\]"):
        read_graph(written(tmp_path, wrong))
