"""Adience's irregular age labels map to the groups of the literature."""

from ast import literal_eval

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfds_builders.adience.age_labels import GROUPS, AgeLabel, read_age_label
from visage.data.labels import UNKNOWN

# https://github.com/WildChlamydia/MiVOLO, tools/prepare_adience.py
OF_MIVOLO = {
    "2": "(0, 2)", "3": "(0, 2)", "13": "(8, 12)", "(8, 23)": "(8, 12)", "22": "(15, 20)", "23": "(25, 32)",
    "29": "(25, 32)", "(27, 32)": "(25, 32)", "32": "(25, 32)", "34": "(25, 32)", "35": "(25, 32)", "36": "(38, 43)",
    "(38, 42)": "(38, 43)", "(38, 48)": "(38, 43)", "42": "(38, 43)", "45": "(38, 43)", "46": "(48, 53)",
    "55": "(48, 53)", "56": "(48, 53)", "57": "(60, 100)", "58": "(60, 100)",
}  # fmt: skip


@pytest.mark.parametrize(("label", "group"), OF_MIVOLO.items())
def test_every_label_of_the_published_table(label: str, group: str) -> None:
    assert read_age_label(label) == AgeLabel(int(label) if label.isdecimal() else -1, group)


@pytest.mark.parametrize("group", GROUPS)
def test_the_groups_themselves(group: str) -> None:
    assert read_age_label(group) == AgeLabel(-1, group)


def test_swapped_digits() -> None:
    assert read_age_label("(25, 23)").group == "(25, 32)"


@pytest.mark.parametrize("label", ["None", "", "(25, 132)", "(100, 60)", "121", "999", "-3", "3.5", "u", "٣"])
def test_a_label_outside_its_range_is_unknown(label: str) -> None:
    assert read_age_label(label) == AgeLabel(-1, UNKNOWN)


@given(st.integers(0, 120))
def test_a_bare_number_within_a_group_is_of_that_group(age: int) -> None:
    label = read_age_label(str(age))
    assert label.age == age
    for group, (youngest, oldest) in ((group, literal_eval(group)) for group in GROUPS):
        if youngest <= age <= oldest:
            assert label.group == group


@given(st.text())
def test_no_text_is_an_error(label: str) -> None:
    assert read_age_label(label).group in (*GROUPS, UNKNOWN)
