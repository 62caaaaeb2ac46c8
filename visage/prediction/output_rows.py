"""Turns the output arrays of a model into one row of plain values for each crop."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def output_rows(outputs: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Returns a row for each crop: the outputs by name, as numbers, texts and lists of them.

    Args:
        outputs: arrays of the same first dimension, the crops; strings as bytes in UTF-8.

    >>> output_rows({"age": np.array([34.5, 8.0]), "gender": np.array([b"male", b"female"], object)})
    [{'age': 34.5, 'gender': 'male'}, {'age': 8.0, 'gender': 'female'}]
    """
    columns = [[_plain(value) for value in array.tolist()] for array in outputs.values()]
    return [dict(zip(outputs, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
