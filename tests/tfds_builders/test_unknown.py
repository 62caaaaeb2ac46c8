"""Spellings of unknown values, genders and age groups, with any content of a field."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfds_builders.age_ranges import OLDEST, read_age_range
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


@given(st.text(alphabet="0123456789-+(), >=abcmorethanJFMApsdv\u2013", max_size=14) | st.text(max_size=14))
def test_any_text_is_an_age_range_within_a_life_or_none(text: str) -> None:
    years = read_age_range(text)
    assert years is None or 0 <= years[0] <= years[1] <= OLDEST


@given(st.integers(0, OLDEST), st.integers(0, OLDEST))
def test_every_way_of_writing_a_range_is_the_same_one(one: int, other: int) -> None:
    first, last = sorted((one, other))
    written = (
        f"{first}-{last}",
        f" {first} - {last} ",
        f"{first}\u2013{last}",
        f"{first} TO {last}",
        f"({first}, {last})",
    )
    assert {read_age_range(text) for text in written} == {(first, last)}
    assert {read_age_range(text) for text in (f"{one}+", f"more than {one}", f">={one}")} == {(one, OLDEST)}


@pytest.mark.parametrize(
    ("text", "years"),
    [
        *(("9-Mar", (3, 9)), ("3-Sep", (3, 9)), ("19-Oct", (10, 19)), ("06-apr", (4, 6))),
        *(("Oct-19", (10, 19)), ("mar-09", (3, 9)), ("Apr-43", (4, 43)), ("Oct-05", None)),
    ],
)
def test_a_range_that_a_spreadsheet_converted_to_a_date_is_read(text: str, years: tuple[int, int] | None) -> None:
    assert read_age_range(text) == years
