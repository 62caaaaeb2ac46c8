"""A person always belongs to the same split."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.data.age_labels import AgeInterval
from visage.data.protocols import PROTOCOLS
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.data.split import SPLITS, split_of

HOLDOUT = SplitSettings(train=0.7, val=0.15, test=0.15)
fractions = st.tuples(st.floats(0.05, 0.8), st.floats(0.05, 0.15)).map(
    lambda two: SplitSettings(train=two[0], val=two[1], test=1 - sum(two))
)
folds = st.tuples(st.integers(2, 10), st.integers(0, 1), st.integers(0, 3)).map(
    lambda three: SplitSettings(method="folds", folds=three[0], fold=three[1], repeat=three[2])
)
protocols = st.tuples(st.sampled_from(sorted(PROTOCOLS)), st.integers(0, 4)).map(
    lambda two: SplitSettings.model_validate({"method": "protocol", "protocol": two[0], "repeat": two[1]})
)
any_split = st.one_of(fractions, folds, protocols)


def record(identity: str, fold: int | None = None) -> FaceRecord:
    return FaceRecord(b"", "key", AgeInterval.exact(30.0), "female", identity, "utkface", fold=fold)


def place(identity: str, settings: SplitSettings, fold: int | None = None) -> str:
    return split_of(record(identity, fold), settings)


def test_known_people_stay_in_their_splits() -> None:
    # Known values: another hash function would move people between the splits of users' trained models.
    people = ["imdb_wiki/Ada Lovelace", "adience/30601258@N03", "utkface/0123456789abcdef", "utkface/é", ""]
    assert [place(person, HOLDOUT) for person in people] == ["train", "val", "test", "train", "test"]


@given(identity=st.text(), settings=any_split)
def test_a_person_has_always_the_same_split(identity: str, settings: SplitSettings) -> None:
    assert place(identity, settings) in SPLITS
    assert place(identity, settings) == place(identity, settings.model_copy())


@given(settings=fractions)
def test_each_split_gets_about_its_fraction(settings: SplitSettings) -> None:
    people = 2000
    counts = Counter(place(f"person {number}", settings) for number in range(people))
    for name in SPLITS:
        fraction = getattr(settings, name)
        # Five standard deviations.
        assert abs(counts[name] - people * fraction) <= 5 * (people * fraction * (1 - fraction)) ** 0.5


@given(people=st.lists(st.text(), max_size=30), more=st.floats(0.01, 0.1))
def test_a_larger_training_fraction_only_adds_to_training(people: list[str], more: float) -> None:
    larger = SplitSettings(train=0.7 + more, val=0.15, test=0.15 - more)
    for person in people:
        if place(person, HOLDOUT) == "train":
            assert place(person, larger) == "train"


@given(identity=st.text(), count=st.integers(2, 10), repeat=st.integers(0, 3))
def test_each_person_is_tested_in_exactly_one_fold(identity: str, count: int, repeat: int) -> None:
    rounds = [SplitSettings(method="folds", folds=count, fold=fold, repeat=repeat) for fold in range(count)]
    assert Counter(place(identity, each) for each in rounds)["test"] == 1


def test_published_folds_are_followed() -> None:
    rounds = [SplitSettings(method="folds", folds="published", fold=fold) for fold in range(5)]
    assert [place("adience/a", each, fold=3) == "test" for each in rounds] == [False, False, False, True, False]


def test_the_other_folds_are_divided_into_train_and_val_in_their_proportion() -> None:
    settings = SplitSettings(method="folds", folds=5, train=0.6, val=0.2, test=0.2)
    counts = Counter(place(f"person {number}", settings) for number in range(10_000))
    assert counts["test"] == pytest.approx(2000, abs=200)
    assert counts["val"] == pytest.approx(2000, abs=200)


@pytest.mark.parametrize(
    ("protocol", "train", "val", "test"),
    [("utkface_21_60", 0.72, 0.08, 0.2), ("utkface_80_20", 0.72, 0.08, 0.2), ("utkface_60_20_20", 0.6, 0.2, 0.2)],
)
def test_a_protocol_has_its_papers_fractions(protocol: str, train: float, val: float, test: float) -> None:
    settings = SplitSettings.model_validate({"method": "protocol", "protocol": protocol})
    counts = Counter(place(f"person {number}", settings) for number in range(10_000))
    assert [counts[split] / 10_000 for split in SPLITS] == pytest.approx([train, val, test], abs=0.02)


def test_a_repeat_draws_other_folds() -> None:
    repeats = [SplitSettings(method="protocol", protocol="utkface_60_20_20", repeat=repeat) for repeat in range(5)]
    tested = [{number for number in range(1000) if place(f"{number}", each) == "test"} for each in repeats]
    assert all(len(one & other) < 80 for one in tested for other in tested if one is not other)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"train": 0.5}, r"train \+ val \+ test must be 1, not 0\.8"),
        ({"method": "folds", "folds": 1}, "folds must be 2 to 100, or published, not 1"),
        ({"method": "folds", "folds": 5, "fold": 5}, "fold must be 0 to 4, not 5"),
    ],
)
def test_impossible_splits_are_refused(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SplitSettings.model_validate(values)
