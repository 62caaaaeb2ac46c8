"""Numbers, values and errors as TensorFlow Serving writes them."""

import json
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.rest.json_document import parse_document
from serving.rest.json_text import error_body, float_text, float_texts, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (40.0, "40.0"),
        (0.2, "0.2"),
        (0.1234567, "0.123456702"),
        (999999.0, "999999.0"),
        (1e6, "1e+06"),
        (1234567.0, "1234567.0"),
        (3e-5, "3e-05"),
        (1e-42, "1.00053e-42"),
        (1 / 3, "0.333333343"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_a_float_has_six_digits_if_they_read_back_and_nine_otherwise(value: float, text: str) -> None:
    assert float_text(value, np.float32) == text


def test_a_double_has_six_digits_if_they_read_back_and_seventeen_otherwise() -> None:
    assert float_texts(np.array([0.2, 1 / 3, math.nan, 1e300])) == ["0.2", "0.33333333333333331", "NaN", "1e+300"]


def test_no_numbers_have_no_texts() -> None:
    assert float_texts(np.array([], np.float32)) == []


@given(st.lists(st.floats(width=32), min_size=1))
def test_every_float_reads_back_and_is_short_where_it_can_be(values: list[float]) -> None:
    texts = float_texts(np.array(values, np.float32))
    np.testing.assert_array_equal(np.array(list(map(float, texts)), np.float32), np.array(values, np.float32))
    for value, text in zip(values, texts, strict=True):
        assert parse_document(text.encode()) == pytest.approx(value, nan_ok=True, rel=1e-6)
        if math.isfinite(value) and np.float32(float(f"{value:g}")) == np.float32(value):
            assert text.removesuffix(".0") == f"{value:g}"


@given(st.integers(1, 999_999), st.integers(-30, 30), st.integers(-1, 1))
@example(15882, 5, 1)
@example(15882, 5, 0)
def test_floats_beside_numbers_of_six_digits_are_told_apart(digits: int, exponent: int, step: int) -> None:
    value = np.float32(float(f"{digits}e{exponent}"))
    near = np.nextafter(value, np.float32(math.copysign(math.inf, step))) if step else value
    (text,) = float_texts(np.array([near]))
    assert np.float32(float(text)) == near
    assert (len(text) <= 12) or step


@given(st.lists(st.floats(), min_size=1))
def test_every_double_reads_back(values: list[float]) -> None:
    np.testing.assert_array_equal(np.array(list(map(float, float_texts(np.array(values))))), np.array(values))


def test_a_value_in_an_error_has_its_lists_on_one_line() -> None:
    assert shown([1, 2.5, None, True, "a\n"]) == '[1, 2.5, null, true, "a\\n"]'
    assert shown({}) == "{}"
    assert shown([{"a": [], "b": {"c": 1}}]) == (
        '[{\n        "a": [],\n        "b": {\n            "c": 1\n        }\n    }]'
    )
    assert shown(0.1) == "0.1"
    assert shown([1e-6, 1e-7, 1.5e22, 1e20]) == "[0.000001, 1e-7, 1.5e22, 100000000000000000000.0]"


def test_a_value_in_an_error_is_cut_at_256_bytes() -> None:
    assert shown("x" * 1000) == '"' + "x" * 255
    assert len(shown(["\u00e9" * 1000]).encode()) == 256
    deep = parse_document(b"[" * 100_000 + b"]" * 100_000)
    assert shown(deep) == "[" * 256


def test_an_error_is_json_whatever_its_text() -> None:
    assert json.loads(error_body('a "b"\n\udcff\u00e9')) == {"error": 'a "b"\n?\u00e9'}
    assert error_body("x") == b'{\n    "error": "x"\n}'
