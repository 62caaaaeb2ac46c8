"""TensorFlow Serving's JSON for tensors: requests in row or columnar format, and their responses.

Format: https://www.tensorflow.org/tfx/serving/api_rest. Error messages are TensorFlow Serving's own where it has some.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from visage.prediction.loaded_model import Signature, TensorInfo

_FLOATS: dict[str, Any] = {"DT_FLOAT": np.float32, "DT_DOUBLE": np.float64}
_INTEGERS: dict[str, Any] = {
    "DT_INT8": np.int8,
    "DT_UINT8": np.uint8,
    "DT_INT16": np.int16,
    "DT_INT32": np.int32,
    "DT_UINT32": np.uint32,
    "DT_INT64": np.int64,
    "DT_UINT64": np.uint64,
}
_DTYPES: dict[str, Any] = {**_FLOATS, **_INTEGERS, "DT_BOOL": np.bool_, "DT_STRING": object}
_SHOWN_CHARACTERS = 200
_MAX_RANK = 16


class RestError(Exception):
    """An error response: an HTTP status code and one message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def parse_body(body: bytes) -> dict[str, Any]:
    """Parses the JSON object in a request's body; NaN and Infinity are accepted as numbers.

    Raises:
        RestError: 400, the body is not a JSON object.
    """
    if not body:
        raise RestError(400, "JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except json.JSONDecodeError as error:
        raise RestError(400, f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except (ValueError, RecursionError) as error:
        raise RestError(400, f"JSON Parse error: {error}") from None
    if not isinstance(document, dict):
        raise RestError(400, f"JSON Value: {_shown(document)} Is not object")
    return document


def signature_name(document: Mapping[str, Any]) -> str:
    """Returns the signature that a request names; empty for the default one.

    Raises:
        RestError: 400, `signature_name` is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        problem = "not formatted correctly. 'signature_name' key must be a string value."
        raise RestError(400, f"JSON Value: {_shown(document)} {problem}")
    return name


def parse_inputs(document: Mapping[str, Any], signature: Signature) -> tuple[dict[str, np.ndarray], bool]:
    """Parses the tensors of a predict request.

    Args:
        document: the request: `instances` (row format) or `inputs` (columnar format).
        signature: the signature that receives the tensors.

    Returns:
        The inputs by name, strings as dtype object holding bytes; and whether the format is the row format.

    Raises:
        RestError: 400, the values do not fit the signature.
    """
    if "instances" in document and "inputs" in document:
        problem = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        raise RestError(400, f"JSON Value: {_shown(document)} {problem}")
    if "instances" in document:
        return _parse_rows(document["instances"], document, signature), True
    if "inputs" in document:
        return _parse_columns(document["inputs"], signature), False
    raise RestError(400, "Missing 'inputs' or 'instances' key")


def format_outputs(outputs: Mapping[str, np.ndarray], row_format: bool) -> dict[str, Any]:
    """Returns the response to a predict request: `predictions` (row format) or `outputs`; a single output is unnamed.

    Raises:
        RestError: 400, the outputs do not have the same number of rows.
    """
    values = {name: _to_json(outputs[name], as_bytes=name.endswith("_bytes")) for name in sorted(outputs)}
    if not row_format:
        return {"outputs": values if len(values) > 1 else next(iter(values.values()))}
    rows = {name: array.shape[0] if array.ndim else 0 for name, array in outputs.items()}
    if len(set(rows.values())) > 1 or any(array.ndim == 0 for array in outputs.values()):
        raise RestError(400, f"the outputs have no common batch size ({rows}); send 'inputs'")
    if len(values) == 1:
        return {"predictions": next(iter(values.values()))}
    return {"predictions": [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]}


def _parse_rows(instances: Any, document: Mapping[str, Any], signature: Signature) -> dict[str, np.ndarray]:
    if not isinstance(instances, list):
        raise RestError(400, f"JSON Value: {_shown(document)} Excepting 'instances' to be an list/array")
    if not instances:
        raise RestError(400, f"JSON Value: {_shown(document)} No values in 'instances' array")
    if not isinstance(instances[0], dict) and len(signature.inputs) > 1:
        problem = "instances is a plain list, but expecting list of objects as multiple input tensors required"
        raise RestError(400, f"{problem} as per tensorinfo_map")
    named = _is_named(instances[0])
    names = set(signature.inputs)
    columns: dict[str, list[Any]] = {name: [] for name in signature.inputs}
    for number, instance in enumerate(instances):
        if _is_named(instance) != named:
            expected, got = ("object", "list") if named else ("value/list", "object")
            raise RestError(400, f"Expecting {expected} but got {got} at item {number} of input list")
        if not named:
            instance = {next(iter(columns)): instance}
        if set(instance) != names:
            problem = f"JSON object: {_shown(instance)} keys must be equal to: {','.join(sorted(names))}"
            raise RestError(400, f"Failed to process element: {number} of 'instances' list. {problem}")
        for name, value in instance.items():
            columns[name].append(value)
    return {name: _to_array(name, values, signature.inputs[name]) for name, values in columns.items()}


def _parse_columns(inputs: Any, signature: Signature) -> dict[str, np.ndarray]:
    if not _is_named(inputs):
        if len(signature.inputs) > 1:
            problem = "inputs is a plain value/list, but expecting an object as multiple input tensors required"
            raise RestError(400, f"{problem} as per tensorinfo_map")
        inputs = {next(iter(signature.inputs)): inputs}
    for name in signature.inputs:
        if name not in inputs:
            raise RestError(400, f"Missing named input: {name} in 'inputs' object.")
    return {name: _to_array(name, inputs[name], info) for name, info in signature.inputs.items()}


def _is_named(value: Any) -> bool:
    """Returns whether an object maps input names to values, and is not itself one base64 value."""
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def _to_array(name: str, value: Any, info: TensorInfo) -> np.ndarray:
    shape = _dense_shape(value)
    if info.shape is not None and not _fits(shape, info.shape):
        raise RestError(400, f"input {name} has shape {list(shape)}, but the signature has {list(info.shape)}")
    if info.dtype not in _DTYPES:
        raise RestError(501, f"Conversion of JSON Value: {_shown(value)} to type: {info.dtype}")
    flat: list[Any] = []
    _collect(value, shape, info.dtype, flat)
    array = np.empty(len(flat), _DTYPES[info.dtype])
    array[:] = flat
    return array.reshape(shape)


def _dense_shape(value: Any) -> tuple[int, ...]:
    """Returns the shape implied by the first elements at each level."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    if len(shape) > _MAX_RANK:
        raise RestError(400, f"lists are nested deeper than {_MAX_RANK} levels")
    return tuple(shape)


def _fits(shape: tuple[int, ...], declared: tuple[int, ...]) -> bool:
    return len(shape) == len(declared) and all(want in (-1, got) for got, want in zip(shape, declared, strict=True))


def _collect(value: Any, shape: tuple[int, ...], dtype: str, flat: list[Any]) -> None:
    """Appends the values below `value` in order; raises a RestError unless they fill `shape` exactly."""
    if not isinstance(value, list):
        if shape:
            raise RestError(400, f"JSON Value: {_shown(value)} found at incorrect level in the JSON DOM")
        flat.append(_scalar(value, dtype))
        return
    if not shape:
        raise RestError(400, "Encountered list at unexpected level")
    if len(value) != shape[0]:
        raise RestError(400, f"Encountered list at unexpected size: {len(value)} expected size: {shape[0]}")
    for element in value:
        _collect(element, shape[1:], dtype, flat)


def _scalar(value: Any, dtype: str) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if dtype == "DT_STRING" and isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if dtype == "DT_STRING" and isinstance(value, dict):
        return _decode_base64(value)
    if dtype == "DT_BOOL" and isinstance(value, bool):
        return value
    if dtype in _FLOATS and is_number:
        return _lossless(value, dtype)
    if dtype in _INTEGERS and is_number and isinstance(value, int):
        limits = np.iinfo(_INTEGERS[dtype])
        if limits.min <= value <= limits.max:
            return value
    kind = "Object" if isinstance(value, dict) else type(value).__name__
    raise RestError(400, f"JSON Value: {_shown(value)} Type: {kind} is not of expected type: {dtype[3:].lower()}")


def _lossless(value: int | float, dtype: str) -> float:
    limits = np.finfo(_FLOATS[dtype])
    if isinstance(value, int):
        fits = abs(value) < 1 << (limits.nmant + 1)
    else:
        # The shortest decimal of the largest float32 is slightly above it, but is parsed back to it.
        with np.errstate(over="ignore"):
            fits = not isfinite(value) or bool(np.isfinite(_FLOATS[dtype](value)))
    if not fits:
        target = dtype[3:].lower()
        raise RestError(400, f"Cannot convert JSON value: {_shown(value)} to {target} without loss of precision.")
    return float(value)


def _decode_base64(value: dict[str, Any]) -> bytes:
    if not _is_base64(value):
        raise RestError(400, f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
    text = value["b64"].rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise RestError(400, "Unable to base64 decode") from None


def _to_json(array: np.ndarray, as_bytes: bool) -> Any:
    if array.dtype == object:
        encode = _encode_bytes if as_bytes else _encode_text
    elif array.dtype in (np.float16, np.float32):
        # float(text) returns 0.2 for 0.2; a cast to double would show the rounding error of the float32.
        def encode(value: Any) -> Any:
            return float(str(value))
    else:
        return array.tolist()
    flat = [encode(value) for value in array.ravel()]
    return _nested(iter(flat), array.shape)


def _nested(values: Any, shape: tuple[int, ...]) -> Any:
    if not shape:
        return next(values)
    return [_nested(values, shape[1:]) for _ in range(shape[0])]


def _encode_bytes(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode("ascii")}


def _encode_text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
