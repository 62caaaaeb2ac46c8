"""A person belongs to one split for ever."""

import hashlib
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from components.faces.split import split_of

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
shares = st.tuples(st.floats(0.05, 0.8), st.floats(0.05, 0.15)).map(
    lambda two: {"train": two[0], "val": two[1], "test": 1 - sum(two)}
)


def test_known_people_sit_where_they_have_always_sat() -> None:
    # Fixed by hand: whoever changes the hash moves people between splits of everybody's trained models.
    people = ["imdb_wiki/Ada Lovelace", "adience/30601258@N03", "utkface/0123456789abcdef", "utkface/é", ""]
    assert [split_of(person, SHARES) for person in people] == ["train", "val", "test", "train", "test"]


@settings(deadline=None)
@given(identity=st.text(), shares=shares)
def test_everybody_has_one_split_and_always_the_same(identity: str, shares: dict[str, float]) -> None:
    assert split_of(identity, shares) in shares
    assert split_of(identity, shares) == split_of(identity, dict(shares))


@settings(deadline=None)
@given(shares=shares)
def test_each_split_gets_about_its_share(shares: dict[str, float]) -> None:
    people = 2000
    counts = Counter(split_of(f"person {number}", shares) for number in range(people))
    for name, share in shares.items():
        # Five standard deviations.
        assert abs(counts[name] - people * share) <= 5 * (people * share * (1 - share)) ** 0.5


@settings(deadline=None)
@given(first=st.sets(st.text(), max_size=20), added=st.sets(st.text(), max_size=20))
def test_new_people_move_nobody(first: set[str], added: set[str]) -> None:
    before = {person: split_of(person, SHARES) for person in first}
    after = {person: split_of(person, SHARES) for person in first | added}
    assert {person: after[person] for person in first} == before


@settings(deadline=None)
@given(st.lists(st.text(), max_size=30), st.floats(0.01, 0.1))
def test_a_larger_training_share_only_adds_to_training(people: list[str], more: float) -> None:
    larger = {"train": 0.7 + more, "val": 0.15, "test": 0.15 - more}
    for person in people:
        if split_of(person, SHARES) == "train":
            assert split_of(person, larger) == "train"


def test_shares_that_add_up_to_a_little_less_than_1_leave_nobody_out() -> None:
    thirds = dict.fromkeys(("a", "b", "c"), 0.333333)
    last_place = next(
        name
        for name in (f"p{number}" for number in range(10**7))
        if hashlib.sha256(name.encode()).digest()[:2] == b"\xff\xff"
    )
    assert split_of(last_place, thirds) == "c"
