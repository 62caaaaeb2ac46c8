"""Writes small ONNX files with the messages that `onnx_file` reads."""

from typing import Any

import numpy as np

from visage.networks.pretrained.onnx_file import _Model

_KINDS = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}


def network(nodes: list[tuple[str, list[str], str, dict[str, Any]]], constants: dict[str, np.ndarray]) -> bytes:
    """Writes a network of `images`.

    Args:
        nodes: kind, inputs, output, attributes of integers.
        constants: arrays by name.
    """
    model = _Model()
    model.graph.input.add(name="images")
    model.graph.output.add(name=nodes[-1][2])
    for name, array in constants.items():
        model.graph.initializer.add(
            name=name, dims=array.shape, data_type=_KINDS[array.dtype], raw_data=array.tobytes()
        )
    for kind, inputs, output, attributes in nodes:
        node = model.graph.node.add(op_type=kind, input=inputs, output=[output])
        for name, value in attributes.items():
            if isinstance(value, int):
                node.attribute.add(name=name, type=2, i=value)
            else:
                node.attribute.add(name=name, type=7, ints=value)
    content: bytes = model.SerializeToString()
    return content
