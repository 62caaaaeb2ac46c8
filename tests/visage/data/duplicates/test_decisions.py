"""One copy of byte-identical images stays, in one split, with labels that the copies agree on."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.data.age_labels import AgeInterval
from visage.data.duplicates.decisions import ROW, DuplicateDecision, excluded_copy_row, find_duplicates, row_of
from visage.data.records import FaceRecord, image_digest
from visage.data.settings import CleaningSettings

ADA = FaceRecord(
    image=b"",
    key="utkface/1",
    age_label=AgeInterval.exact(30.0),
    gender="female",
    identity="utkface/1",
    source="utkface",
    race="white",
    image_digest=image_digest(b"one picture"),
)
DROP = CleaningSettings()
MAJORITY = CleaningSettings(conflicting_labels="majority")
NO_HASH = np.zeros(2, np.uint64)


def copies(*several: dict[str, Any], settings: CleaningSettings = DROP) -> list[DuplicateDecision]:
    """Returns the decisions on copies of Ada's image, in order; `split`, an exact `age` and other fields may differ."""
    rows = []
    for number, what in enumerate(several):
        fields = {name: value for name, value in what.items() if name != "split"}
        if "age" in fields:
            age = fields.pop("age")
            fields["age_label"] = None if age is None else AgeInterval.exact(age)
        record = dataclasses.replace(ADA, **fields)
        rows.append(row_of(record, what.get("split", "train"), NO_HASH, chunk=0, offset=number))
    return sorted(find_duplicates(np.array(rows, ROW), settings), key=lambda decision: decision.offset)


def test_an_image_without_a_copy_gets_no_decision() -> None:
    assert copies({}, {"image_digest": image_digest(b"another")}) == []


def test_the_first_copy_stays() -> None:
    assert [decision.rule for decision in copies({}, {}, {})] == ["", "duplicate_picture", "duplicate_picture"]


def test_the_copy_in_the_test_split_stays() -> None:
    decisions = copies({"split": "train"}, {"split": "val"}, {"split": "test"})
    assert [decision.rule for decision in decisions] == ["duplicate_picture", "duplicate_picture", ""]


@pytest.mark.parametrize("what", [{"age": 40.0}, {"gender": "male"}, {"age_label": AgeInterval(8.0, 13.0)}])
def test_copies_that_disagree_on_a_learned_label_are_all_dropped(what: dict[str, Any]) -> None:
    assert [decision.rule for decision in copies({}, what)] == ["conflicting_labels"] * 2


def test_the_features_in_disagreement_are_reported() -> None:
    assert copies({}, {"age": 40.0, "gender": "male"})[0].disagree == ("age", "gender")


def test_the_same_age_counted_in_days_and_in_years_agrees() -> None:
    assert [decision.disagree for decision in copies({"age": 30.0}, {"age": 30.6})] == [(), ()]


def test_a_disagreement_on_race_alone_makes_the_race_unknown() -> None:
    stays, goes = copies({}, {"race": "asian"})
    assert (stays.rule, stays.labels.race, stays.disagree) == ("", -1, ("race",))
    assert goes.rule == "duplicate_picture"


def test_a_label_missing_in_one_copy_comes_from_another() -> None:
    stays, _ = copies({"gender": "unknown", "age": None}, {})
    assert (stays.labels.gender, stays.labels.age) == (0, AgeInterval.exact(30.0))


def test_an_exact_age_within_the_age_group_of_a_copy_agrees_and_stays() -> None:
    stays, _ = copies({"age_label": AgeInterval(25.0, 32.0)}, {"age": 30.0})
    assert (stays.rule, stays.disagree, stays.labels.age) == ("", (), AgeInterval.exact(30.0))


def test_age_groups_that_overlap_agree_on_the_years_that_they_have_in_common() -> None:
    stays, _ = copies({"age_label": AgeInterval(25.0, 32.0)}, {"age_label": AgeInterval(30.0, 39.0)})
    assert (stays.rule, stays.disagree, stays.labels.age) == ("", (), AgeInterval(30.0, 32.0))


def test_majority_takes_the_commonest_of_age_groups_without_a_common_year() -> None:
    young, old = {"age_label": AgeInterval(20.0, 29.0)}, {"age_label": AgeInterval(40.0, 49.0)}
    assert [decision.rule for decision in copies(young, old)] == ["conflicting_labels"] * 2
    stays = copies(young, old, old, settings=MAJORITY)[0]
    assert (stays.disagree, stays.labels.age) == (("age",), AgeInterval(40.0, 49.0))
    assert copies(young, old, settings=MAJORITY)[0].labels.age is None


def test_majority_keeps_the_median_age_and_the_most_frequent_gender() -> None:
    three: list[dict[str, Any]] = [{"age": 30.0}, {"age": 34.0, "gender": "male"}, {"age": 80.0}]
    decisions = copies(*three, settings=MAJORITY)
    assert [decision.rule for decision in decisions] == ["", "duplicate_picture", "duplicate_picture"]
    assert (decisions[0].labels.age, decisions[0].labels.gender) == (AgeInterval.exact(34.0), 0)


def test_a_tie_leaves_the_gender_unknown_and_drops_the_image_if_it_must_be_known() -> None:
    two: list[dict[str, Any]] = [{}, {"gender": "male"}]
    assert [decision.labels.gender for decision in copies(*two, settings=MAJORITY)] == [-1, -1]
    strict = CleaningSettings(conflicting_labels="majority", gender="known")
    assert [decision.rule for decision in copies(*two, settings=strict)] == ["conflicting_labels"] * 2


def test_a_real_age_takes_precedence_over_an_apparent_one() -> None:
    votes = {"age": 33.2, "apparent_age_mean": 33.2}
    stays, goes = copies(votes, {"age": 30.0})
    assert (stays.rule, stays.labels.age, stays.disagree) == ("", AgeInterval.exact(30.0), ())
    assert goes.rule == "duplicate_picture"


def test_two_apparent_ages_do_not_conflict_and_the_first_stays() -> None:
    stays, _ = copies({"age": 33.2, "apparent_age_mean": 33.2}, {"age": 36.0, "apparent_age_mean": 36.0})
    assert (stays.rule, str(stays.labels.age), stays.disagree) == ("", "33.2", ())


def test_all_are_dropped_if_the_majority_leaves_nothing_to_learn() -> None:
    two: list[dict[str, Any]] = [
        {"age_label": AgeInterval(25.0, 32.0)},
        {"age_label": AgeInterval(38.0, 43.0), "gender": "male"},
    ]
    assert [decision.rule for decision in copies(*two, settings=MAJORITY)] == ["conflicting_labels"] * 2


def against_an_excluded_copy(age: float, *, settings: CleaningSettings = DROP) -> list[DuplicateDecision]:
    """Returns the decisions on Ada's image at 30 if a copy was dropped for its age."""
    kept = row_of(ADA, "test", NO_HASH, chunk=0, offset=0)
    dropped = excluded_copy_row(dataclasses.replace(ADA, age_label=AgeInterval.exact(age)), chunk=0, offset=1)
    return list(find_duplicates(np.array([dropped, kept], ROW), settings))


@pytest.mark.parametrize("settings", [DROP, MAJORITY])
def test_a_copy_that_was_dropped_for_its_age_still_contradicts(settings: CleaningSettings) -> None:
    (decision,) = against_an_excluded_copy(age=10.0, settings=settings)
    assert (decision.offset, decision.rule, decision.disagree) == (0, "conflicting_labels", ("age",))


def test_dropped_copies_alone_get_no_decision() -> None:
    rows = [
        excluded_copy_row(dataclasses.replace(ADA, age_label=AgeInterval.exact(age)), chunk=0, offset=0)
        for age in (10.0, 12.0)
    ]
    assert list(find_duplicates(np.array(rows, ROW), DROP)) == []


def test_two_of_three_decide_on_the_race() -> None:
    assert copies({}, {}, {"race": "black"})[0].labels.race == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["train", "val", "test"]), st.sampled_from([20.0, 30.0])),
        max_size=20,
    ),
    st.sampled_from(["drop", "majority"]),
)
def test_no_image_stays_twice(images: list[tuple[int, str, float]], policy: str) -> None:
    settings = CleaningSettings.model_validate({"conflicting_labels": policy})
    what = [{"image_digest": image_digest(bytes([p])), "split": split, "age": age} for p, split, age in images]
    gone = {decision.offset for decision in copies(*what, settings=settings) if decision.rule}
    stay = [image for number, (image, _, _) in enumerate(images) if number not in gone]
    assert len(stay) == len(set(stay))
    if policy == "majority":
        assert set(stay) == {image for image, _, _ in images}
