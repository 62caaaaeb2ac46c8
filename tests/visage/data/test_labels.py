"""Ages belong to the nearest group."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.data.labels import AGE_GROUPS, age_group


@pytest.mark.parametrize(
    ("age", "group"),
    [
        (0, "0-2"),
        (3.4, "0-2"),
        (3.6, "4-6"),
        (7.4, "4-6"),
        (7.6, "8-13"),
        (14.4, "8-13"),
        (14.6, "15-20"),
        (22.5, "15-20"),  # shown as 22, the even year
        (22.6, "25-32"),
        (35.4, "25-32"),
        (35.6, "38-43"),
        (45.4, "38-43"),
        (45.6, "48-53"),
        (56.4, "48-53"),
        (56.6, "60-100"),
        (120, "60-100"),
    ],
)
def test_ages_between_two_groups_belong_to_the_nearer_one(age: float, group: str) -> None:
    assert AGE_GROUPS[age_group(age)] == group


@settings(deadline=None)
@given(age=st.integers(0, 110))
def test_no_group_is_nearer_than_the_one_chosen(age: int) -> None:
    def distance(group: str) -> int:
        first, last = (int(year) for year in group.split("-"))
        return max(first - age, age - last, 0)

    assert distance(AGE_GROUPS[age_group(age)]) == min(distance(group) for group in AGE_GROUPS)


@settings(deadline=None)
@given(age=st.floats(0, 110))
def test_the_group_is_that_of_the_age_as_it_is_shown(age: float) -> None:
    assert age_group(age) == age_group(float(f"{age:.0f}"))


@settings(deadline=None)
@given(group=st.sampled_from(AGE_GROUPS), part=st.floats(0, 1, exclude_max=True))
def test_a_completed_year_of_a_group_is_in_it(group: str, part: float) -> None:
    first, last = (int(year) for year in group.split("-"))
    assert AGE_GROUPS[age_group(first + part * (last + 1 - first))] == group


@settings(deadline=None)
@given(one=st.floats(0, 120), other=st.floats(0, 120))
def test_an_older_person_is_in_no_younger_group(one: float, other: float) -> None:
    assert age_group(min(one, other)) <= age_group(max(one, other))
