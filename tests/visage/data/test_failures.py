"""Failures to process are counted by group, beside the images that were read."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data_inspection.rules import RULES as MEANINGS
from visage.data.age_labels import AgeInterval
from visage.data.cleaning import RULES, SPLIT_RULES
from visage.data.failures import (
    FAILURES,
    KEPT,
    NO_FACE,
    PICTURE_UNDECODABLE,
    GroupLabels,
    failures_to_process,
    groups_of,
)
from visage.data.labels import AGE_GROUPS, GENDERS, RACES, SEVERAL_AGE_GROUPS, UNKNOWN
from visage.data.records import FaceRecord

ADA = GroupLabels("wiki", "female", "25-32", "white")
BO = GroupLabels("utkface", "male", "0-2", "asian")
CY = GroupLabels("utkface")

groups = st.builds(
    GroupLabels,
    source=st.sampled_from(["utkface", "wiki", "team"]),
    gender=st.sampled_from([*GENDERS, UNKNOWN]),
    age_group=st.sampled_from([*AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN]),
    race=st.sampled_from([*RACES, UNKNOWN]),
)
outcomes = st.dictionaries(st.tuples(groups, st.sampled_from([KEPT, *MEANINGS])), st.integers(1, 50))


@pytest.mark.parametrize(
    ("label", "group"),
    [
        (None, "unknown"),
        (AgeInterval(20.0, 29.0), "several"),
        (AgeInterval(60.0, 69.0), "60-100"),
        (AgeInterval.exact(1), "0-2"),
    ],
)
def test_a_label_of_several_years_may_be_in_several_age_groups(label: AgeInterval | None, group: str) -> None:
    assert groups_of(FaceRecord(b"", "key", label, "female", "ada", "team")).age_group == group


def test_each_group_has_its_records_and_its_failures() -> None:
    counted = failures_to_process(
        {(ADA, KEPT): 5, (BO, KEPT): 3, (BO, NO_FACE): 2, (BO, PICTURE_UNDECODABLE): 1, (CY, NO_FACE): 4}
    )
    assert counted == {
        "source": {"utkface": {"records": 10, "failed": 7}, "wiki": {"records": 5, "failed": 0}},
        "gender": {
            "female": {"records": 5, "failed": 0},
            "male": {"records": 6, "failed": 3},
            "unknown": {"records": 4, "failed": 4},
        },
        "age_group": {
            "0-2": {"records": 6, "failed": 3},
            "25-32": {"records": 5, "failed": 0},
            "unknown": {"records": 4, "failed": 4},
        },
        "race": {
            "white": {"records": 5, "failed": 0},
            "asian": {"records": 6, "failed": 3},
            "unknown": {"records": 4, "failed": 4},
        },
    }


@pytest.mark.parametrize("rule", [rule.__name__ for rule in (*RULES, *SPLIT_RULES)])
def test_a_record_whose_image_was_not_read_is_not_counted(rule: str) -> None:
    counted = failures_to_process({(ADA, KEPT): 5, (BO, rule): 2})
    assert counted["source"] == {"wiki": {"records": 5, "failed": 0}}


@pytest.mark.parametrize("rule", ["face_too_small", "two_candidates", "duplicate_picture", "conflicting_labels"])
def test_an_image_that_was_dropped_for_another_reason_did_not_fail(rule: str) -> None:
    assert failures_to_process({(ADA, rule): 2})["gender"] == {"female": {"records": 2, "failed": 0}}


def test_every_failure_is_a_rule_that_the_inspection_describes() -> None:
    assert set(FAILURES) <= set(MEANINGS)


@given(outcomes)
def test_every_feature_counts_the_same_records(found: dict[tuple[GroupLabels, str], int]) -> None:
    failed = sum(count for (_, rule), count in found.items() if rule in FAILURES)
    before = {rule.__name__ for rule in (*RULES, *SPLIT_RULES)}
    records = sum(count for (_, rule), count in found.items() if rule not in before)
    for counts in failures_to_process(found).values():
        assert sum(count["failed"] for count in counts.values()) == failed
        assert sum(count["records"] for count in counts.values()) == records
        assert all(0 <= count["failed"] <= count["records"] > 0 for count in counts.values())


@given(outcomes)
def test_the_result_does_not_depend_on_the_order(found: dict[tuple[GroupLabels, str], int]) -> None:
    backwards = Counter(dict(reversed(found.items())))
    assert str(failures_to_process(found)) == str(failures_to_process(backwards))
