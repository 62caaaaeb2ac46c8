"""Turns the values that callers give into arrays that both protocols can send."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from visage.errors import VisageError

# Of NumPy's dtypes: booleans, integers, unsigned integers, floats.
_NUMBERS = "biuf"


def as_arrays(inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns an array for each input.

    Args:
        inputs: by name; arrays, or numbers, texts, bytes and lists of them. Floats of lists become float32.

    Returns:
        Arrays of numbers, or of dtype object holding bytes.

    Raises:
        VisageError: a value is none of these, or a list is ragged.
    """
    return {name: _as_array(name, value) for name, value in inputs.items()}


def _as_array(name: str, value: Any) -> np.ndarray:
    try:
        # NumPy's own dtype of bytes would cut off their last zeros.
        is_text = not isinstance(value, np.ndarray) and isinstance(_first(value), str | bytes)
        array = np.array(value, object) if is_text else np.asarray(value)
    except ValueError:
        raise VisageError(f"input {name}: lists of different lengths; make them a rectangle") from None
    if array.dtype.kind in "OSU":
        return _as_bytes(name, array)
    if array.dtype.kind not in _NUMBERS:
        raise VisageError(f"input {name}: dtype {array.dtype} cannot be sent; give numbers, texts or bytes")
    is_list_of_floats = array.dtype == np.float64 and not isinstance(value, np.ndarray | np.generic)
    return array.astype(np.float32) if is_list_of_floats else array


def _first(value: Any) -> Any:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def _as_bytes(name: str, array: np.ndarray) -> np.ndarray:
    strings = np.empty(array.size, object)
    for number, item in enumerate(array.ravel().tolist()):
        if not isinstance(item, str | bytes):
            raise VisageError(f"input {name}: {type(item).__name__} among texts or bytes; give bytes alone")
        strings[number] = item.encode() if isinstance(item, str) else item
    return strings.reshape(array.shape)
