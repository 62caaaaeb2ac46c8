"""Reads the graph of an ONNX file, without the package `onnx`.

protobuf, which the library needs anyway, parses the file; only the messages and fields that a network of layers has are
declared here. The package would be 15 MB more for a predicting machine, in another release for each of the two stacks.
The messages live in a package of their own, so that `onnx` may be loaded beside them.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError

from visage.errors import VisageError

_FIELD = FieldDescriptorProto
_PACKAGE = "visage.onnx"
_ONE, _MANY = _FIELD.LABEL_OPTIONAL, _FIELD.LABEL_REPEATED
# Message: (number, name, label, type, or the name of a message).
_MESSAGES: dict[str, tuple[tuple[int, str, Any, Any], ...]] = {
    "Tensor": (
        (1, "dims", _MANY, _FIELD.TYPE_INT64),
        (2, "data_type", _ONE, _FIELD.TYPE_INT32),
        (4, "float_data", _MANY, _FIELD.TYPE_FLOAT),
        (7, "int64_data", _MANY, _FIELD.TYPE_INT64),
        (8, "name", _ONE, _FIELD.TYPE_STRING),
        (9, "raw_data", _ONE, _FIELD.TYPE_BYTES),
    ),
    "Attribute": (
        (1, "name", _ONE, _FIELD.TYPE_STRING),
        (2, "f", _ONE, _FIELD.TYPE_FLOAT),
        (3, "i", _ONE, _FIELD.TYPE_INT64),
        (4, "s", _ONE, _FIELD.TYPE_BYTES),
        (8, "ints", _MANY, _FIELD.TYPE_INT64),
        (20, "type", _ONE, _FIELD.TYPE_INT32),
    ),
    "Node": (
        (1, "input", _MANY, _FIELD.TYPE_STRING),
        (2, "output", _MANY, _FIELD.TYPE_STRING),
        (4, "op_type", _ONE, _FIELD.TYPE_STRING),
        (5, "attribute", _MANY, "Attribute"),
    ),
    "Value": ((1, "name", _ONE, _FIELD.TYPE_STRING),),
    "Graph": (
        (1, "node", _MANY, "Node"),
        (5, "initializer", _MANY, "Tensor"),
        (11, "input", _MANY, "Value"),
        (12, "output", _MANY, "Value"),
    ),
    "Model": ((7, "graph", _ONE, "Graph"),),
}
# `data_type` of a tensor.
_TYPES = {1: ("<f4", "float_data"), 7: ("<i8", "int64_data")}
# `type` of an attribute, and its field.
_VALUES = {1: "f", 2: "i", 3: "s", 7: "ints"}


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        kind: by ONNX's name, e.g. 'Conv'.
        inputs: names of values; of those, constants are in `Graph.constants`.
        output: name of its first result.
        attributes: numbers, texts and lists of integers by name.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """A network.

    Attributes:
        nodes: in the order of computation.
        constants: weights and other fixed arrays by name.
        inputs: names of its inputs.
        outputs: names of its outputs.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_graph(path: Path) -> Graph:
    """Reads the graph of an ONNX file.

    Raises:
        VisageError: the file cannot be read, or is no whole ONNX file.
    """
    try:
        graph = _Model.FromString(path.read_bytes()).graph
        constants = {tensor.name: _array(tensor) for tensor in graph.initializer}
    except OSError as error:
        raise VisageError(f"{path}: cannot be read: {error.strerror}") from None
    except (DecodeError, ValueError) as error:
        raise VisageError(f"{path}: no whole ONNX file ({error}); install its package again") from None
    if not graph.node:
        raise VisageError(f"{path}: no whole ONNX file (it has no operation); install its package again")
    return Graph(
        nodes=tuple(Node(one.op_type, tuple(one.input), one.output[0], _attributes(one)) for one in graph.node),
        constants=constants,
        inputs=tuple(value.name for value in graph.input if value.name not in constants),
        outputs=tuple(value.name for value in graph.output),
    )


def _array(tensor: Any) -> np.ndarray:
    """Returns the values of a tensor.

    Raises:
        ValueError: they are of another type, or of another number than its shape.
    """
    if tensor.data_type not in _TYPES:
        raise ValueError(f"{tensor.name} has the type {tensor.data_type}")
    kind, field = _TYPES[tensor.data_type]
    values = np.frombuffer(tensor.raw_data, kind) if tensor.raw_data else np.array(getattr(tensor, field), kind)
    if values.size != math.prod(tensor.dims):
        raise ValueError(f"{tensor.name} has {values.size} numbers and the shape {list(tensor.dims)}")
    return values.reshape(tuple(tensor.dims))


def _attributes(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in node.attribute:
        value: Any = getattr(one, _VALUES[one.type]) if one.type in _VALUES else None
        found[one.name] = tuple(value) if one.type == 7 else value.decode() if isinstance(value, bytes) else value
    return found


def _model_class() -> Any:
    file = FileDescriptorProto(name="visage/onnx.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, label, kind in fields:
            entry = message.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                entry.type, entry.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                entry.type = kind
    messages = message_factory.GetMessages([file])
    for message in messages.values():
        # protobuf leaves it None, which makes pydoc fail.
        message.__module__ = __name__
    return messages[f"{_PACKAGE}.Model"]


_Model = _model_class()
