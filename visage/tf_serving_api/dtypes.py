"""The numbers of TensorFlow's dtypes, and NumPy's dtypes of the same values.

Source: tensorflow/core/framework/types.proto.
"""

from typing import Any

import numpy as np

HALF = 19
STRING = 7

DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.float64),
    3: np.dtype(np.int32),
    4: np.dtype(np.uint8),
    5: np.dtype(np.int16),
    6: np.dtype(np.int8),
    STRING: np.dtype(object),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
    17: np.dtype(np.uint16),
    HALF: np.dtype(np.float16),
    22: np.dtype(np.uint32),
    23: np.dtype(np.uint64),
}
"""NumPy's dtype by the number of TensorFlow's DataType; strings are dtype object holding bytes."""

_NUMBERS = {dtype: number for number, dtype in DTYPES.items()}


def dtype_number(dtype: np.dtype[Any]) -> int:
    """Returns the number of TensorFlow's DataType for a NumPy dtype; object is DT_STRING."""
    return _NUMBERS[dtype]
