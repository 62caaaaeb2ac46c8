"""Converts between NumPy arrays and TensorProtos."""

from __future__ import annotations

from typing import Any

import numpy as np

from visage.tf_serving_api.dtypes import DTYPES, HALF, STRING, dtype_number
from visage.tf_serving_api.messages import DataType, TensorProto

_CHUNK = 4096
"""Values that are converted at a time: a copy of millions at once keeps all other threads from running meanwhile."""

# Which field of a TensorProto holds a dtype's values; the small integers share that of int32.
_FIELDS = {
    "DT_FLOAT": "float_val",
    "DT_DOUBLE": "double_val",
    "DT_STRING": "string_val",
    "DT_INT64": "int64_val",
    "DT_BOOL": "bool_val",
    "DT_HALF": "half_val",
    "DT_UINT32": "uint32_val",
    "DT_UINT64": "uint64_val",
}
_INT32_FIELDS = ("int_val", "half_val")


class TensorError(ValueError):
    """Raised for a TensorProto whose content does not fit its shape and dtype."""


def field_of(number: int) -> str:
    """Returns the field of a TensorProto that holds values of a DataType."""
    return _FIELDS.get(DataType.values_by_number[number].name, "int_val")


def to_proto(array: np.ndarray, *, as_content: bool = True) -> Any:
    """Returns the TensorProto of an array.

    Args:
        array: of a dtype in `DTYPES`; strings as dtype object holding bytes.
        as_content: numbers as raw bytes in `tensor_content`, as clients send them; otherwise one by one in the typed
            field, as TensorFlow Serving answers by default.
    """
    number = dtype_number(array.dtype)
    proto = TensorProto(dtype=number)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if as_content and number != STRING:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
        return proto
    values = array.ravel()
    if number == HALF:
        values = values.view(np.uint16)
    field = getattr(proto, field_of(number))
    for start in range(0, len(values), _CHUNK):
        field.extend(values[start : start + _CHUNK].tolist())
    return proto


def to_array(proto: Any) -> np.ndarray:
    """Returns the array of a TensorProto; a typed field with fewer values repeats its last one, as in TensorFlow.

    Raises:
        TensorError: the dtype is unknown, the shape is not whole or has more axes than NumPy takes, or the values do
            not fill it.
    """
    if proto.dtype not in DTYPES:
        raise TensorError(f"dtype {proto.dtype} is not supported")
    shape = tuple(dimension.size for dimension in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise TensorError("the shape is not fully known")
    size = 1
    for length in shape:
        size *= length
    dtype = DTYPES[proto.dtype]
    if proto.tensor_content and proto.dtype != STRING:
        if len(proto.tensor_content) != size * dtype.itemsize:
            raise TensorError(f"tensor_content has {len(proto.tensor_content)} bytes, not {size * dtype.itemsize}")
        return _shaped(np.frombuffer(proto.tensor_content, dtype), shape)
    field = field_of(proto.dtype)
    values = getattr(proto, field)
    count = len(values)
    # One sent value may stand for any number of them: a few bytes must not become gigabytes.
    if count > size or (count == 0 and size) or size > max(count, _MAX_REPEATED):
        raise TensorError(f"{count} values for a tensor of shape {list(shape)}")
    sent = np.empty(count, np.int32 if field in _INT32_FIELDS else dtype)
    for start in range(0, count, _CHUNK):
        chunk = values[start : start + _CHUNK]
        sent[start : start + len(chunk)] = chunk
    array = np.empty(size, dtype)
    # An integer too large for its dtype keeps its low bits, as in TensorFlow.
    array[:count] = sent.astype(np.uint16).view(np.float16) if proto.dtype == HALF else sent
    if count < size:
        array[count:] = array[count - 1]
    return _shaped(array, shape)


def _shaped(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return array.reshape(shape)
    except ValueError as error:
        raise TensorError(f"a shape of {len(shape)} axes: {error}") from None


_MAX_REPEATED = 1 << 20
