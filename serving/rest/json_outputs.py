"""Writes the outputs of a predict request as JSON, byte for byte as TensorFlow Serving lays it out.

Source: TensorFlow Serving, util/json_tensor.cc (MakeJsonFromTensors) and RapidJSON's PrettyWriter.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from itertools import islice
from math import prod

import numpy as np

from serving.core.errors import invalid_argument
from serving.rest.json_tensors import dtype_text
from serving.rest.json_text import INDENT, encoded, float_texts, quoted
from visage.tf_serving_api.messages import DataType
from visage.tf_serving_api.tensors import dtype_number

# TensorFlow Serving writes no others.
_INTEGERS = (np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint32, np.uint64)


def format_outputs(outputs: Mapping[str, np.ndarray], row_format: bool) -> bytes:
    """Returns the reply to a predict request: `predictions` by row, or `outputs`; a single output has no name.

    Args:
        outputs: arrays by name, strings as dtype object holding bytes; those named `*_bytes` are written as base64.
        row_format: whether the request had `instances`.

    Raises:
        ServingError: there are no rows that the outputs have in common, or a dtype has no JSON.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    named = dict(sorted(outputs.items()))
    return encoded(_rows(named) if row_format else _columns(named))


def _rows(outputs: Mapping[str, np.ndarray]) -> str:
    _check_batch(outputs)
    columns = _texts(outputs, 1, 2 if len(outputs) == 1 else 3, on_one_line=True)
    if len(outputs) == 1:
        return f'{{\n{INDENT}"predictions": [{", ".join(columns[0])}\n{INDENT}]\n}}'
    # One template for all rows is twice as fast as joining each row's members.
    members = f",{_line(3)}".join(quoted(name).replace("%", "%%") + ": %s" for name in outputs)
    row = f"{_line(2)}{{{_line(3)}{members}{_line(2)}}}"
    rows = ",".join([row % values for values in zip(*columns, strict=True)])
    return f'{{\n{INDENT}"predictions": [{rows}\n{INDENT}]\n}}'


def _columns(outputs: Mapping[str, np.ndarray]) -> str:
    columns = _texts(outputs, 0, 1 if len(outputs) == 1 else 2, on_one_line=False)
    value = columns[0][0]
    if len(outputs) > 1:
        members = f",{_line(2)}".join(f"{quoted(name)}: {text}" for name, (text,) in zip(outputs, columns, strict=True))
        value = f"{{{_line(2)}{members}{_line(1)}}}"
    return f'{{\n{INDENT}"outputs": {value}\n}}'


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    expected = 0
    for name, array in outputs.items():
        if not array.ndim:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        found = array.shape[0]
        if found < 1:
            raise invalid_argument(f"Tensor name: {name} has invalid batch size: {found}")
        if expected not in (0, found):
            raise invalid_argument(f"Tensor name: {name} has inconsistent batch size: {found} expecting: {expected}")
        expected = found


def _texts(outputs: Mapping[str, np.ndarray], kept_axes: int, depth: int, on_one_line: bool) -> list[list[str]]:
    """Returns the texts of each output: one for each element of its first axes.

    Args:
        outputs: arrays by name.
        kept_axes: how many axes are not joined to lists: 1 for the texts of rows, 0 for one text of everything.
        depth: how many objects and lists each text stands in.
        on_one_line: whether lists are on one line.
    """
    floats = _float_texts(outputs)
    columns = []
    for name, array in outputs.items():
        leaves = floats[name] if name in floats else _leaves(name, array, depth + array.ndim - kept_axes)
        columns.append(_joined(leaves, array.shape, kept_axes, depth, on_one_line))
    return columns


def _float_texts(outputs: Mapping[str, np.ndarray]) -> dict[str, list[str]]:
    """Returns the texts of the values of all float32 outputs; at once, since NumPy's calls take most of the time."""
    floats = {name: array.reshape(-1) for name, array in outputs.items() if array.dtype == np.float32}
    if not floats:
        return {}
    texts = iter(float_texts(np.concatenate(list(floats.values()))))
    return {name: list(islice(texts, array.size)) for name, array in floats.items()}


def _joined(texts: list[str], shape: tuple[int, ...], kept_axes: int, depth: int, on_one_line: bool) -> list[str]:
    for axis in reversed(range(kept_axes, len(shape))):
        size = shape[axis]
        if not size:
            texts = ["[]"] * prod(shape[:axis])
            continue
        around = depth + axis - kept_axes
        first, between, last = ("", ", ", "")
        if not on_one_line:
            first, between, last = _line(around + 1), "," + _line(around + 1), _line(around)
        texts = [f"[{first}{between.join(texts[start : start + size])}{last}]" for start in range(0, len(texts), size)]
    return texts


def _line(depth: int) -> str:
    return "\n" + INDENT * depth


def _leaves(name: str, array: np.ndarray, depth: int) -> list[str]:
    flat = array.reshape(-1)
    if array.dtype == object:
        if name.endswith("_bytes"):
            start, end = f'{{{_line(depth + 1)}"b64": "', f'"{_line(depth)}}}'
            return [start + binascii.b2a_base64(value, newline=False).decode() + end for value in flat]
        return [quoted(value.decode("utf-8", "replace")) for value in flat]
    if array.dtype == np.float64:
        return float_texts(flat)
    if array.dtype in _INTEGERS:
        return list(map(str, flat.tolist()))
    if array.dtype == np.bool_:
        return ["true" if value else "false" for value in flat.tolist()]
    dtype = dtype_text(DataType.values_by_number[dtype_number(array.dtype)].name)
    raise invalid_argument(f"Failed to write JSON value for tensor type: {dtype}")
