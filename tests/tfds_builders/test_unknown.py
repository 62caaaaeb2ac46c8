"""Spellings of unknown values and genders, with any content of a field."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfds_builders.genders import read_gender
from tfds_builders.unknown import is_unknown

WORDS = ["", "NA", "N/A", "nan", "none", "null", "unknown", "?"]


@given(st.sampled_from(WORDS), st.sampled_from(["", " ", "\t", " \u00a0"]), st.booleans())
def test_case_and_blanks_around_a_word_for_unknown_change_nothing(word: str, blanks: str, upper: bool) -> None:
    field = f"{blanks}{word.upper() if upper else word.lower()}{blanks}"
    assert is_unknown(field)
    assert read_gender(field) == "unknown"


@pytest.mark.parametrize("value", [None, math.nan])
def test_null_and_nan_are_unknown(value: Any) -> None:
    assert is_unknown(value)


@pytest.mark.parametrize("value", ["0", "-", "Nan Goldin", "Anna", "naan", "nil", 0, 0.0, False])
def test_other_values_are_known(value: Any) -> None:
    assert not is_unknown(value)


@given(st.text(max_size=12))
def test_any_text_is_a_gender_or_an_error(text: str) -> None:
    assert read_gender(text) in ("female", "male", "unknown", None)
