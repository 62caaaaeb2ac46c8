"""An age label is an interval of years, whatever text a table writes it as."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.data.age_labels import GROUP_INTERVALS, OLDEST, AgeInterval, read_age
from visage.data.labels import AGE_GROUPS, age_group

years = st.integers(0, OLDEST)


def test_an_exact_age_is_an_interval_of_width_one() -> None:
    assert AgeInterval.exact(26.0) == read_age("26") == read_age("26-26") == AgeInterval(26.0, 26.0)
    assert (AgeInterval.exact(28.16).age, AgeInterval(20.0, 29.0).age) == (28.16, None)


@given(years, years)
def test_the_group_is_the_one_that_every_year_of_the_label_is_in(one: int, other: int) -> None:
    label = AgeInterval(float(min(one, other)), float(max(one, other)))
    groups = {age_group(year) for year in range(min(one, other), max(one, other) + 1)}
    assert label.group == (groups.pop() if len(groups) == 1 else None)


def test_fairfaces_groups_determine_few_of_ours() -> None:
    fairface = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
    found = [label.group for text in fairface if (label := read_age(text))]
    assert found == [0, None, None, None, None, None, None, 7, 7]


def test_the_groups_of_adience_are_labels_themselves() -> None:
    assert [label.group for label in GROUP_INTERVALS] == list(range(8))
    assert [str(label) for label in GROUP_INTERVALS] == list(AGE_GROUPS)


@given(st.text(alphabet="0123456789-+(), >=.e abcmorethanJFMApsdv\u2013\u0663", max_size=14) | st.text(max_size=14))
def test_any_text_is_a_label_or_none(text: str) -> None:
    label = read_age(text)
    if label is not None:
        assert math.isfinite(label.low)
        assert label.low <= label.high
        assert label.age is not None or (label.low >= 0 and label.high <= OLDEST)


@given(years, years)
def test_every_way_of_writing_a_group_is_the_same_label(one: int, other: int) -> None:
    first, last = sorted((one, other))
    written = (
        f"{first}-{last}",
        f" {first} - {last} ",
        f"{first}\u2013{last}",
        f"{first} TO {last}",
        f"({first}, {last})",
    )
    assert {read_age(text) for text in written} == {AgeInterval(first, last)}
    assert {read_age(text) for text in (f"{one}+", f"{one} +", f">={one}", f">= {one}")} == {AgeInterval(one, OLDEST)}


@given(years)
def test_an_age_above_a_year_begins_with_the_next_one_except_in_fairface(year: int) -> None:
    above = AgeInterval(year + 1, OLDEST) if year < OLDEST else None
    assert {read_age(text) for text in (f">{year}", f"> {year}", f"over {year}", f"above {year}")} == {above}
    assert read_age(f"More than {year}") == (AgeInterval(70, OLDEST) if year == 70 else above)


@given(st.floats(0, 120) | years)
def test_a_number_is_an_exact_age(age: float) -> None:
    assert read_age(f" {age:.6f} ") == AgeInterval.exact(float(f"{age:.6f}"))
    assert read_age(str(age)) == AgeInterval.exact(float(age))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        *(("9-Mar", (3, 9)), ("3-Sep", (3, 9)), ("19-Oct", (10, 19)), ("06-apr", (4, 6))),
        *(("Oct-19", (10, 19)), ("mar-09", (3, 9)), ("Apr-43", (4, 43)), ("Oct-05", None)),
    ],
)
def test_a_group_that_a_spreadsheet_converted_to_a_date_is_read(text: str, label: tuple[int, int] | None) -> None:
    assert read_age(text) == (label and AgeInterval(*map(float, label)))


@pytest.mark.parametrize("text", ["thirty", "30,5", "1_0", "inf", "1e999", "nan", "9-3", "60-130", "30-", "\u0663", ""])
def test_other_texts_are_no_labels(text: str) -> None:
    assert read_age(text) is None
