"""Converts between NumPy arrays and TensorProtos."""

from __future__ import annotations

from typing import Any

import numpy as np

from visage.tf_serving_api.messages import DataType, TensorProto

STRING = DataType.values_by_name["DT_STRING"].number
_HALF = DataType.values_by_name["DT_HALF"].number

DTYPES: dict[int, np.dtype[Any]] = {
    DataType.values_by_name[name].number: np.dtype(dtype)
    for name, dtype in {
        "DT_FLOAT": np.float32,
        "DT_DOUBLE": np.float64,
        "DT_INT32": np.int32,
        "DT_UINT8": np.uint8,
        "DT_INT16": np.int16,
        "DT_INT8": np.int8,
        "DT_STRING": object,
        "DT_INT64": np.int64,
        "DT_BOOL": np.bool_,
        "DT_UINT16": np.uint16,
        "DT_HALF": np.float16,
        "DT_UINT32": np.uint32,
        "DT_UINT64": np.uint64,
    }.items()
}
"""NumPy's dtype by the number of TensorFlow's DataType; strings are dtype object holding bytes."""

_NUMBERS = {dtype: number for number, dtype in DTYPES.items()}
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


class TensorError(ValueError):
    """Raised for a TensorProto whose content does not fit its shape and dtype."""


def dtype_number(dtype: np.dtype[Any]) -> int:
    """Returns the number of TensorFlow's DataType for a NumPy dtype; object is DT_STRING."""
    return _NUMBERS[dtype]


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
    if number == STRING:
        proto.string_val.extend(array.ravel().tolist())
    elif as_content:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
    else:
        values = array.ravel()
        getattr(proto, field_of(number)).extend((values.view(np.uint16) if number == _HALF else values).tolist())
    return proto


def to_array(proto: Any) -> np.ndarray:
    """Returns the array of a TensorProto; a typed field with fewer values repeats its last one, as in TensorFlow.

    Raises:
        TensorError: the dtype is unknown, the shape is not whole, or the values do not fill it.
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
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values = getattr(proto, field_of(proto.dtype))
    count = len(values)
    # One sent value may stand for any number of them: a few bytes must not become gigabytes.
    if count > size or (count == 0 and size) or size > max(count, _MAX_REPEATED):
        raise TensorError(f"{count} values for a tensor of shape {list(shape)}")
    if proto.dtype == STRING:
        array = np.empty(size, object)
        array[:count] = list(values)
    else:
        sent = np.array(values, np.uint16).view(np.float16) if proto.dtype == _HALF else np.array(values, dtype)
        array = np.empty(size, dtype)
        array[:count] = sent
    if count < size:
        array[count:] = array[count - 1]
    return array.reshape(shape)


_MAX_REPEATED = 1 << 20
