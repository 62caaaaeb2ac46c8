"""Names that are similar to known ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.names import did_you_mean, near_names

KNOWN = ("picture", "age", "age_group", "gender", "identity", "race", "fold")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Identity", "identity"),
        ("AGE", "age"),
        ("gender ", "gender"),
        ("\ufeffpicture", "picture"),
        ("age-group", "age_group"),
        ("Age Group", "age_group"),
        ("agegroup", "age_group"),
        ("identiy", "identity"),
        ("ages", "age"),
        ("gendre", "gender"),
        ("gendr", "gender"),
        ("genderr", "gender"),
        ("gemder", "gender"),
        ("Folds", "fold"),
    ],
)
def test_a_name_that_was_probably_meant_is_found(name: str, meant: str) -> None:
    assert near_names(name, KNOWN) == [meant]


@pytest.mark.parametrize(
    "name",
    [
        *("file", "face", "service_test", "num_ratings", "real_age", "name", "", "image", "id", "age_1", "fold2"),
        *("folder", "folded", "page", "image", "wage", "trace", "brace", "density", "mixture", "sender", "render"),
    ],
)
def test_another_name_is_another_name(name: str) -> None:
    assert near_names(name, KNOWN) == []


@given(st.text(max_size=20))
def test_near_names_are_known_names_and_a_known_name_has_none(name: str) -> None:
    assert near_names(name, [name, *KNOWN]) == []
    assert set(near_names(name, KNOWN)) <= set(KNOWN)


def test_a_hint_for_a_refused_name_may_be_less_similar() -> None:
    assert did_you_mean("trainer.epoch", ["trainer.epochs", "trainer.seed"]) == "did you mean trainer.epochs?"
    assert did_you_mean("xyz", KNOWN) == ""
