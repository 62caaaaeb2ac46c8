"""Writes JSON as RapidJSON's PrettyWriter does for TensorFlow Serving: errors, and values inside of errors."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np

INDENT = "    "
# TensorFlow Serving cuts a value in an error here, without a mark.
_MOST_SHOWN_BYTES = 256
_FLOAT_MAX = float(np.finfo(np.float32).max)


def quoted(text: str) -> str:
    """Returns a string with quotation marks and escapes."""
    return json.dumps(text, ensure_ascii=False)


def encoded(text: str) -> bytes:
    """Returns UTF-8; bytes of a request that were none become question marks."""
    return text.encode("utf-8", "replace")


def error_body(message: str) -> bytes:
    """Returns the body of an error.

    >>> print(error_body("Missing model name in request.").decode())
    {
        "error": "Missing model name in request."
    }
    """
    return encoded(f'{{\n{INDENT}"error": {quoted(message)}\n}}')


def shown(value: Any) -> str:
    """Returns a parsed value for an error: lists on one line, at most 256 bytes.

    >>> print(shown({"a": [1, 2.5]}))
    {
        "a": [1, 2.5]
    }
    """
    if isinstance(value, float):
        return float_text(value, np.float32 if abs(value) <= _FLOAT_MAX else np.float64)
    parts: list[str] = []
    _write(value, parts, 0, _MOST_SHOWN_BYTES)
    text = encoded("".join(parts))
    return text.decode() if len(text) <= _MOST_SHOWN_BYTES else text[:_MOST_SHOWN_BYTES].decode("utf-8", "ignore")


def float_text(value: float, dtype: Any) -> str:
    """Returns a number as TensorFlow Serving writes it: six digits if they read back to the same value, otherwise nine
    (float32) or seventeen (float64).

    >>> float_text(40.0, np.float32), float_text(0.123456789, np.float32), float_text(1e6, np.float32)
    ('40.0', '0.123456791', '1e+06')
    """
    return float_texts(np.array([value], dtype))[0]


def float_texts(values: np.ndarray) -> list[str]:
    """Returns the texts of numbers, float32 or float64 [N], see `float_text`."""
    numbers = tuple(values.tolist())
    short = ("%g " * len(numbers) % numbers).split()
    with np.errstate(over="ignore"):
        reads_back = np.array(list(map(float, short)), np.float64).astype(values.dtype) == values
    digits = 9 if values.dtype == np.float32 else 17
    texts = (f"%.{digits}g " * len(numbers) % numbers).split()
    for index in np.flatnonzero(reads_back).tolist():
        texts[index] = short[index]
    return [text if "." in text or "e" in text else _WHOLE.get(text) or text + ".0" for text in texts]


_WHOLE = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _write(value: Any, parts: list[str], depth: int, budget: int) -> int:
    """Appends the text of a value until the budget is used up; returns what is left of it."""
    if isinstance(value, (dict, list)) and value:
        is_object = isinstance(value, dict)
        inner = "\n" + INDENT * (depth + 1)
        budget = _put("{" if is_object else "[", parts, budget)
        for number, item in enumerate(value):
            if budget <= 0:
                return budget
            if is_object:
                budget = _put(("," if number else "") + inner + quoted(item[:_MOST_SHOWN_BYTES]) + ": ", parts, budget)
                budget = _write(value[item], parts, depth + 1, budget)
            else:
                budget = _put(", " if number else "", parts, budget)
                budget = _write(item, parts, depth + 1, budget)
        return _put("\n" + INDENT * depth + "}" if is_object else "]", parts, budget)
    return _put(_scalar_text(value), parts, budget)


def _put(text: str, parts: list[str], budget: int) -> int:
    parts.append(text)
    return budget - len(text)


def _scalar_text(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value[:_MOST_SHOWN_BYTES])
    if isinstance(value, float):
        return _double_text(value)
    return json.dumps(value)


def _double_text(value: float) -> str:
    """Returns the shortest digits that read back, in RapidJSON's layout (internal/dtoa.h, Prettify)."""
    if value - value != 0:
        return json.dumps(value)
    sign, digit_tuple, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    if digits == "0":
        text = "0.0"
    else:
        point = len(digits) + int(exponent)
        if int(exponent) >= 0 and point <= 21:
            text = digits + "0" * int(exponent) + ".0"
        elif 0 < point <= 21:
            text = f"{digits[:point]}.{digits[point:]}"
        elif -6 < point <= 0:
            text = "0." + "0" * -point + digits
        else:
            text = f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1}"
    return "-" * sign + text
