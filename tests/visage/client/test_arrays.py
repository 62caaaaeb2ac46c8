"""Inputs as callers give them."""

from typing import Any

import numpy as np
import pytest

from visage.client.arrays import as_arrays
from visage.errors import VisageError


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([1.5, 2], np.float32, (2,)),
        ([[1, 2, 3]], np.int64, (1, 3)),
        (True, np.bool_, ()),
        (np.zeros((2, 3)), np.float64, (2, 3)),
        (np.zeros(2, np.uint8), np.uint8, (2,)),
        ([], np.float32, (0,)),
        ("text", object, ()),
        ([["a", "b"]], object, (1, 2)),
        (np.array(["a", "b"]), object, (2,)),
    ],
)
def test_values_become_arrays_that_can_be_sent(value: Any, dtype: Any, shape: tuple[int, ...]) -> None:
    array = as_arrays({"x": value})["x"]
    assert (array.dtype, array.shape) == (dtype, shape)


def test_bytes_keep_their_last_zeros() -> None:
    assert as_arrays({"x": [b"a\0\0", "ä"]})["x"].tolist() == [b"a\0\0", "ä".encode()]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1], [2, 3]], "input x: lists of different lengths"),
        ([b"a", 1], "input x: int among texts or bytes"),
        ([None], "input x: NoneType among texts or bytes"),
        (np.zeros(1, complex), "input x: dtype complex128 cannot be sent"),
        (np.array(["2020-01-01"], "datetime64[D]"), r"input x: dtype datetime64\[D\] cannot be sent"),
    ],
)
def test_other_values_are_an_error_that_names_the_input(value: Any, message: str) -> None:
    with pytest.raises(VisageError, match=message):
        as_arrays({"x": value})
