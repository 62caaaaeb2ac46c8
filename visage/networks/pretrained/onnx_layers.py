"""Builds Keras layers from the graph of an ONNX network of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from visage.errors import VisageError
from visage.networks.pretrained.onnx_file import Graph, Node


def layers_of(graph: Graph, images: keras.KerasTensor, output: str, prefix: str) -> keras.KerasTensor:
    """Applies a graph to images, by Keras layers that have its weights.

    A convolution and the factor and offset of each channel after it, a frozen batch normalization, become one layer.
    ONNX's images are [N, channels, height, width]; the layers' are [N, height, width, channels].

    Args:
        graph: one input, the images; operations of residual networks.
        images: [N, height, width, channels] in the range that the network was trained with.
        output: name of the value to return, e.g. that before a softmax.
        prefix: of the names of the layers.

    Raises:
        VisageError: the graph has an operation that is not known here, or no such value.
    """
    values: dict[str, keras.KerasTensor] = dict.fromkeys(graph.inputs, images)
    for node, scale, offset in _folded(graph):
        convert = _CONVERTERS.get(node.kind)
        if convert is None:
            raise VisageError(
                f"an ONNX network with the unknown operation {node.kind}; give the file of a known version"
            )
        values[node.output] = convert(node, values, graph.constants, f"{prefix}{node.output}", scale, offset)
        if node.output == output:
            return values[output]
    raise VisageError(f"an ONNX network without the value {output}; give the file of a known version")


def _folded(graph: Graph) -> Iterator[tuple[Node, np.ndarray | None, np.ndarray | None]]:
    """Yields the nodes; a convolution with the factors and offsets [channels] after it, under the name of the last."""
    nodes = list(graph.nodes)
    while nodes:
        node = nodes.pop(0)
        if node.kind == "Conv" and [one.kind for one in nodes[:2]] == ["Mul", "Add"]:
            factor, shift = nodes[0].inputs[1], nodes[1].inputs[1]
            chained = (nodes[0].inputs[0], nodes[1].inputs[0]) == (node.output, nodes[0].output)
            if chained and factor in graph.constants and shift in graph.constants:
                whole = Node(node.kind, node.inputs, nodes[1].output, node.attributes)
                yield whole, graph.constants[factor].ravel(), graph.constants[shift].ravel()
                del nodes[:2]
                continue
        yield node, None, None


Values = Mapping[str, Any]
Constants = Mapping[str, np.ndarray]
_Convert = Callable[[Node, Values, Constants, str, "np.ndarray | None", "np.ndarray | None"], Any]


def _conv(
    node: Node,
    values: Values,
    constants: Constants,
    name: str,
    scale: np.ndarray | None,
    offset: np.ndarray | None,
) -> Any:
    kernel, bias = constants[node.inputs[1]].transpose(2, 3, 1, 0), constants[node.inputs[2]]
    if scale is not None and offset is not None:
        kernel, bias = kernel * scale, bias * scale + offset
    pads, strides = node.attributes["pads"], node.attributes["strides"]
    x = values[node.inputs[0]]
    if any(pads):
        top, left, bottom, right = pads
        x = ops.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)])
    layer = keras.layers.Conv2D(kernel.shape[3], kernel.shape[:2], strides, "valid", name=name)
    return _with_weights(layer, x, [kernel, bias])


def _gemm(node: Node, values: Values, constants: Constants, name: str, *_: Any) -> Any:
    weights = constants[node.inputs[1]]
    layer = keras.layers.Dense(weights.shape[1], name=name)
    return _with_weights(layer, values[node.inputs[0]], [weights, constants[node.inputs[2]]])


def _with_weights(layer: keras.layers.Layer, x: keras.KerasTensor, weights: list[np.ndarray]) -> Any:
    output = layer(x)
    layer.set_weights(weights)
    return output


def _pool(kind: type[keras.layers.Layer]) -> _Convert:
    def convert(node: Node, values: Values, constants: Constants, name: str, *_: Any) -> Any:
        if any(node.attributes["pads"]):
            raise VisageError(f"an ONNX network whose {node.kind} has a border; give the file of a known version")
        size, strides = node.attributes["kernel_shape"], node.attributes["strides"]
        return kind(size, strides, "valid", name=name)(values[node.inputs[0]])

    return convert


def _combined(apply: Callable[[Any, Any], Any]) -> _Convert:
    """Returns a conversion of an operation on two values, of which the second may be one number."""

    def convert(node: Node, values: Values, constants: Constants, *_: Any) -> Any:
        first, second = node.inputs
        other = float(constants[second].item()) if second in constants else values[second]
        return apply(values[first], other)

    return convert


def _pad(node: Node, values: Values, constants: Constants, *_: Any) -> Any:
    pads = constants[node.inputs[1]].tolist()
    images, channels, rows, columns = zip(pads[:4], pads[4:], strict=True)
    return ops.pad(values[node.inputs[0]], [images, rows, columns, channels])


def _flatten(node: Node, values: Values, *_: Any) -> Any:
    x = values[node.inputs[0]]
    # The order of ONNX's axes.
    return x if len(x.shape) == 2 else ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, int(np.prod(x.shape[1:]))))


_CONVERTERS: dict[str, _Convert] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MaxPool": _pool(keras.layers.MaxPooling2D),
    "AveragePool": _pool(keras.layers.AveragePooling2D),
    "GlobalAveragePool": lambda node, values, *_: ops.mean(values[node.inputs[0]], axis=(1, 2)),
    "Relu": lambda node, values, *_: ops.relu(values[node.inputs[0]]),
    "Add": _combined(ops.add),
    "Mul": _combined(ops.multiply),
    "Pad": _pad,
    "Flatten": _flatten,
}
