"""Builds the arrays of a predict request from its JSON, with TensorFlow Serving's checks, in their order.

Source: TensorFlow Serving, util/json_tensor.cc. As there, shapes are not compared with the signature: the graph does.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.core.errors import Code, ServingError, invalid_argument
from serving.rest.json_text import shown
from visage.saved_model.model_session import Signature, TensorInfo

# What NumPy before 2 can hold; TensorFlow takes 254, of which no signature makes use.
_MOST_AXES = 32
_INT32 = (-(2**31), 2**31 - 1)
# By TensorFlow's dtype: the integers that JSON may give, and the dtype that they are then cast to.
_INTEGERS: Mapping[str, tuple[tuple[int, int], Any]] = {
    "DT_INT8": (_INT32, np.int8),
    "DT_UINT8": (_INT32, np.uint8),
    "DT_INT16": (_INT32, np.int16),
    "DT_INT32": (_INT32, np.int32),
    "DT_INT64": ((-(2**63), 2**63 - 1), np.int64),
    "DT_UINT32": ((0, 2**32 - 1), np.uint32),
    "DT_UINT64": ((0, 2**64 - 1), np.uint64),
}
_FLOATS: Mapping[str, Any] = {"DT_FLOAT": np.float32, "DT_DOUBLE": np.float64}
_SPACE = re.compile(r"[ \t\n\v\f\r]")
_BASE64 = re.compile(r"([A-Za-z0-9+/]*)([=.]*)")


def signature_name(document: Any) -> str:
    """Returns the signature that a request names; empty if it names none.

    Raises:
        ServingError: the document is no object, or the name no string.
    """
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {shown(document)} Is not object")
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise _format_error(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return name


def parse_inputs(
    document: Mapping[str, Any], signature: Signature, most_instances: int
) -> tuple[dict[str, np.ndarray], bool]:
    """Returns the inputs of a predict request.

    Args:
        document: the request: `instances` (row format) or `inputs` (columnar format).
        signature: the signature, which has an input.
        most_instances: rows that are taken in one request.

    Returns:
        The arrays by name, strings as dtype object holding bytes; and whether the format is the row format.

    Raises:
        ServingError: the values do not fit the signature, or are too many.
    """
    if "instances" in document:
        if "inputs" in document:
            raise _format_error(
                document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
            )
        instances = document["instances"]
        if not isinstance(instances, list):
            raise _format_error(document, "Expecting 'instances' to be an list/array")
        if not instances:
            raise _format_error(document, "No values in 'instances' array")
        check_count(len(instances), most_instances)
        return _rows(instances, signature.inputs), True
    if "inputs" in document:
        return _columns(document["inputs"], signature.inputs, most_instances), False
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def check_count(count: int, most: int) -> None:
    """Refuses a request of more rows than the server takes.

    Raises:
        ServingError: it has more.
    """
    if count > most:
        raise invalid_argument(f"a request of {count} instances; this server takes at most {most}")


def is_base64(value: Any) -> bool:
    """Returns whether a value is an object that stands for bytes."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(value: dict[str, Any]) -> bytes:
    """Returns the bytes of an object with the one key `b64`.

    Raises:
        ServingError: it is no such object, or its text is no base64.
    """
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {shown(value)} not formatted correctly for base64 data")
    text = value["b64"]
    digits = text.rstrip("=")
    if len(digits) % 4 != 1:
        try:
            decoded = binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
        except ValueError:
            pass
        else:
            # Each character that the decoder passed over would make this shorter.
            if len(decoded) == len(digits) * 3 // 4 and len(text) - len(digits) in (0, -len(digits) % 4):
                return decoded
    return _decode_unusual_base64(text)


def encode_string(text: str) -> bytes:
    """Returns the bytes of a JSON string, also where they are no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def json_type(value: Any) -> str:
    """Returns RapidJSON's name for the type of a value."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return "Number"
    return "String" if isinstance(value, str) else "Object" if isinstance(value, dict) else "Array"


def _decode_unusual_base64(text: str) -> bytes:
    match = _BASE64.fullmatch(_SPACE.sub("", text))
    if match:
        digits, padding = match.groups()
        wanted = -len(digits) % 4
        if wanted != 3 and len(padding) in (0, wanted):
            return binascii.a2b_base64(digits + "=" * wanted)
    raise invalid_argument("Unable to base64 decode")


class _Tensor:
    """The values of one input, added element by element."""

    def __init__(self, info: TensorInfo) -> None:
        self._dtype = info.dtype
        self._values: list[Any] = []
        self._shape: tuple[int, ...] | None = None

    def add(self, element: Any) -> None:
        """Adds one row.

        Raises:
            ServingError: it does not fit the dtype or the rows before.
        """
        shape = _dense_shape(element)
        before = len(self._values)
        self._fill(element, shape, 0)
        if self._shape is None:
            self._shape = shape
            self._size = len(self._values)
        elif len(self._values) - before != self._size:
            raise invalid_argument(f"Expecting tensor size: {self._size} but got: {len(self._values) - before}")
        elif shape != self._shape:
            raise invalid_argument(f"Expecting shape {_shape_text(self._shape)} but got: {_shape_text(shape)}")

    def array(self, rows: int | None) -> np.ndarray:
        """Returns the values: [rows, ...], or those of the one element that was added."""
        shape = self._shape or ()
        if rows is not None:
            shape = (rows, *shape)
        if self._dtype == "DT_STRING":
            strings = np.empty(len(self._values), object)
            strings[:] = self._values
            return strings.reshape(shape)
        if self._dtype in _FLOATS:
            with np.errstate(over="ignore"):
                return np.array(self._values, np.float64).astype(_FLOATS[self._dtype]).reshape(shape)
        if self._dtype in _INTEGERS:
            (lowest, _), dtype = _INTEGERS[self._dtype]
            # TensorFlow casts without a check what JSON gave for the small integers, too.
            return np.array(self._values, np.int64 if lowest else np.uint64).astype(dtype).reshape(shape)
        return np.array(self._values, np.bool_).reshape(shape)

    def _fill(self, value: Any, shape: tuple[int, ...], level: int) -> None:
        if not isinstance(value, list):
            if level != len(shape):
                raise invalid_argument(
                    f"JSON Value: {shown(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {len(shape)}"
                )
            self._values.append(self._scalar(value))
            return
        if level >= len(shape):
            raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
        if len(value) != shape[level]:
            raise invalid_argument(
                f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
            )
        if level == len(shape) - 1 and self._dtype in _FLOATS and _NUMBERS.issuperset(map(type, value)):
            self._values.extend(value)
            return
        for element in value:
            self._fill(element, shape, level + 1)

    def _scalar(self, value: Any) -> Any:
        dtype = self._dtype
        if dtype == "DT_STRING":
            if isinstance(value, dict):
                return decode_base64(value)
            if isinstance(value, str):
                return encode_string(value)
        elif dtype in _FLOATS:
            if type(value) in _NUMBERS:
                return value
        elif dtype in _INTEGERS:
            lowest, highest = _INTEGERS[dtype][0]
            if type(value) is int and lowest <= value <= highest:
                return value
        elif dtype == "DT_BOOL":
            if isinstance(value, bool):
                return value
        elif not isinstance(value, dict):
            raise ServingError(
                Code.UNIMPLEMENTED, f"Conversion of JSON Value: {shown(value)} to type: {dtype_text(dtype)}"
            )
        raise invalid_argument(
            f"JSON Value: {shown(value)} Type: {json_type(value)} is not of expected type: {dtype_text(dtype)}"
        )


_NUMBERS = frozenset((int, float))


def dtype_text(dtype: str) -> str:
    """Returns TensorFlow's short name of a dtype.

    >>> dtype_text("DT_UINT8")
    'uint8'
    """
    return dtype.removeprefix("DT_").lower()


def _rows(instances: list[Any], infos: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not isinstance(instances[0], dict) and len(infos) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    named = _is_named(instances[0])
    tensors = {name: _Tensor(info) for name, info in infos.items()}
    only = next(iter(tensors))
    for number, instance in enumerate(instances):
        if _is_named(instance) != named:
            expected, found = ("object", "list") if named else ("value/list", "object")
            raise invalid_argument(f"Expecting {expected} but got {found} at item {number} of input list")
        if not named:
            _add(tensors, only, instance, f"Failed to process element: {number} of")
            continue
        for name, value in instance.items():
            _add(tensors, name, value, f"Failed to process element: {number} key: {name} of")
        if len(instance) != len(tensors):
            raise invalid_argument(
                f"Failed to process element: {number} of 'instances' list. JSON object: {shown(instance)} keys must "
                f"be equal to: {','.join(sorted(tensors))}"
            )
    return {name: tensor.array(len(instances)) for name, tensor in tensors.items()}


def _add(tensors: Mapping[str, _Tensor], name: str, value: Any, place: str) -> None:
    try:
        if name not in tensors:
            raise invalid_argument(f"JSON object: does not have named input: {name}")
        tensors[name].add(value)
    except ServingError as error:
        raise invalid_argument(f"{place} 'instances' list. Error: {error.code.name}: {error.message}") from None


def _columns(inputs: Any, infos: Mapping[str, TensorInfo], most_instances: int) -> dict[str, np.ndarray]:
    if not _is_named(inputs):
        if len(infos) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        inputs = {next(iter(infos)): inputs}
    arrays = {}
    for name, info in infos.items():
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        if isinstance(inputs[name], list):
            check_count(len(inputs[name]), most_instances)
        tensor = _Tensor(info)
        tensor.add(inputs[name])
        arrays[name] = tensor.array(None)
    return arrays


def _is_named(value: Any) -> bool:
    """Returns whether an object maps input names to values, and is not itself bytes."""
    return isinstance(value, dict) and not is_base64(value)


def _dense_shape(value: Any) -> tuple[int, ...]:
    """Returns the lengths of the first lists at each level."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > _MOST_AXES:
            raise invalid_argument(f"lists are nested deeper than {_MOST_AXES} levels")
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _shape_text(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _format_error(document: Mapping[str, Any], problem: str) -> ServingError:
    return invalid_argument(f"JSON Value: {shown(document)} {problem}")
