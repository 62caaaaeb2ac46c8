"""Each cleaning rule by example: what it drops, what it keeps, how it is switched off."""

import dataclasses
import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.data.age_labels import GROUP_INTERVALS, AgeInterval
from visage.data.cleaning import RULES, SPLIT_RULES, reason_to_drop
from visage.data.datasets.imdb_wiki import age_when_taken, year_of_birth
from visage.data.labels import UNKNOWN
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings, SplitSettings

GOOD = FaceRecord(
    image=b"",
    key="imdb_wiki/wiki/1.jpg#1",
    age_label=AgeInterval.exact(30.0),
    gender="female",
    identity="imdb_wiki/Ada",
    source="wiki",
    face_score=3.0,
)
NOTHING_SAID = CleaningSettings()
HOLDOUT = SplitSettings()


def reason(settings: CleaningSettings = NOTHING_SAID, split: SplitSettings = HOLDOUT, **what: Any) -> str | None:
    """Returns why a record is dropped; `age` stands for an exact one."""
    if "age" in what:
        age = what.pop("age")
        what["age_label"] = None if age is None else AgeInterval.exact(age)
    return reason_to_drop(dataclasses.replace(GOOD, **what), settings, split)


def test_a_good_record_stays_under_the_strictest_rules() -> None:
    assert reason(CleaningSettings(min_face_score=3.0, gender="known", age="known", min_age=30, max_age=30)) is None


@pytest.mark.parametrize("score", [-math.inf, 0.9, math.nan])
def test_a_face_with_a_low_score_of_imdb_wikis_detector_is_dropped(score: float) -> None:
    assert reason(CleaningSettings(min_face_score=1.0), face_score=score) == "low_face_score"
    assert reason(CleaningSettings(min_face_score=None), face_score=score) is None


def test_one_published_rule_keeps_the_score_itself_and_another_only_higher_ones() -> None:
    assert reason(CleaningSettings(min_face_score=3.0), face_score=3.0) is None
    assert reason(CleaningSettings(face_score_above=3.0), face_score=3.0) == "low_face_score"
    assert reason(CleaningSettings(face_score_above=3.0), face_score=3.1) is None


def test_sources_without_a_face_score_pass_its_rule() -> None:
    assert reason(CleaningSettings(min_face_score=5.0), face_score=None) is None


def test_a_second_face_drops_the_record_by_default() -> None:
    assert reason(second_face_score=0.1) == "second_face"
    assert reason(CleaningSettings(second_face="keep"), second_face_score=0.1) is None


def test_a_person_without_a_name_is_dropped_who_might_be_in_two_splits() -> None:
    assert reason(identity=UNKNOWN) == "identity_unknown"


def test_an_unknown_gender_is_dropped_only_if_it_must_be_known() -> None:
    assert reason(CleaningSettings(gender="known"), gender=UNKNOWN) == "gender_unknown"
    assert reason(gender=UNKNOWN) is None


def test_an_unknown_age_or_an_inexact_one_is_dropped_only_if_the_settings_require_it() -> None:
    twenties = AgeInterval(20.0, 29.0)
    assert reason(age=None) is None
    assert reason(CleaningSettings(age="known"), age=None) == "age_unknown"
    assert reason(CleaningSettings(age="known"), age_label=twenties) is None
    assert reason(CleaningSettings(age="exact"), age_label=twenties) == "age_unknown"
    assert reason(CleaningSettings(age="exact"), age=None) == "age_unknown"
    assert reason(CleaningSettings(age="exact")) is None


@pytest.mark.parametrize("age", [-74.0, -0.01, 101.0, 1996.0, math.nan, math.inf])
def test_absurd_ages_are_dropped_by_default(age: float) -> None:
    assert reason(age=age) == "age_out_of_range"


@pytest.mark.parametrize("age", [0.0, 100.0, 100.99])
def test_the_limits_belong_to_the_range(age: float) -> None:
    assert reason(age=age) is None


def test_an_age_group_that_lies_wholly_outside_the_range_is_dropped_too() -> None:
    adults = CleaningSettings(min_age=18, max_age=59)
    groups = [reason(adults, age_label=group) for group in GROUP_INTERVALS]
    assert groups == ["age_out_of_range"] * 3 + [None] * 4 + ["age_out_of_range"]
    assert [reason(adults, age_label=AgeInterval(*years)) for years in ((59.0, 70.0), (10.0, 18.0))] == [None, None]


def test_a_recipe_may_narrow_the_range() -> None:
    adults = CleaningSettings(min_age=18, max_age=65)
    assert [reason(adults, age=age) for age in (17.9, 18.0, 65.9, 66.0)] == [
        "age_out_of_range",
        None,
        None,
        "age_out_of_range",
    ]


def test_a_record_without_any_label_is_dropped() -> None:
    assert reason(age=None, gender=UNKNOWN) == "label_unknown"
    assert reason(age_label=AgeInterval(20.0, 29.0), gender=UNKNOWN) is None
    assert reason(age=None, gender="male") is None


def test_a_drop_is_named_after_the_first_rule_that_applies() -> None:
    everything = CleaningSettings(min_face_score=1.0, gender="known", age="known")
    assert reason(everything, face_score=0.0, second_face_score=1.0, age=None, gender=UNKNOWN) == "low_face_score"
    assert [rule.__name__ for rule in RULES] == [
        "low_face_score",
        "second_face",
        "identity_unknown",
        "gender_unknown",
        "age_unknown",
        "age_out_of_range",
        "label_unknown",
    ]
    assert [rule.__name__ for rule in SPLIT_RULES] == ["outside_protocol", "fold_unknown"]


def test_a_protocol_takes_the_ages_that_its_papers_took() -> None:
    papers = SplitSettings(method="protocol", protocol="utkface_21_60")
    assert [reason(split=papers, age=age) for age in (20.0, 21.0, 60.0, 61.0, None)] == [
        "outside_protocol",
        None,
        None,
        "outside_protocol",
        "outside_protocol",
    ]


def test_published_folds_are_for_records_that_have_one() -> None:
    folds = SplitSettings(method="folds", folds="published")
    assert reason(split=folds, fold=None) == "fold_unknown"
    assert reason(split=folds, fold=3) is None


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="min_age 50 is above max_age 40"):
        CleaningSettings(min_age=50, max_age=40)


@settings(deadline=None)
@given(
    score=st.none() | st.floats(),
    second=st.none() | st.floats(),
    age=st.none() | st.floats(),
    gender=st.sampled_from(["female", "male", UNKNOWN]),
    lowest=st.none() | st.floats(-5, 5),
)
def test_whatever_stays_obeys_every_rule(
    score: float | None, second: float | None, age: float | None, gender: str, lowest: float | None
) -> None:
    settings = CleaningSettings(min_face_score=lowest, gender="known")
    if reason(settings, face_score=score, second_face_score=second, age=age, gender=gender) is None:
        assert second is None
        assert gender != UNKNOWN
        assert age is None or 0 <= age < 101
        assert lowest is None or score is None or score >= lowest


# MATLAB's own example: datenum('1986-01-01') = 725373.
MATLAB_1986 = 725373


def test_matlabs_days_are_read_correctly() -> None:
    assert age_when_taken(MATLAB_1986, 1986) == pytest.approx(181 / 365.2425)


@settings(deadline=None)
@given(born=st.dates(date(1850, 1, 1), date(2010, 1, 1)), year=st.integers(1850, 2020))
def test_a_photo_is_taken_in_the_middle_of_its_year(born: date, year: int) -> None:
    datenum = (born - date(1986, 1, 1)).days + MATLAB_1986
    in_days = (date(year, 7, 1) - born) / timedelta(days=1)
    assert age_when_taken(datenum, year) == pytest.approx(in_days / 365.2425, abs=1e-9)


@pytest.mark.parametrize("integer", [np.uint16, np.int32, np.int64, int])
def test_a_photo_from_before_the_birth_gives_a_negative_age_and_never_wraps(integer: Any) -> None:
    assert age_when_taken(np.int32(MATLAB_1986), integer(1912)) == pytest.approx(-73.5, abs=0.02)  # type: ignore[arg-type]


def test_invalid_dates_give_ages_that_are_dropped() -> None:
    assert reason(age=age_when_taken(0, 2010)) == "age_out_of_range"
    assert reason(age=age_when_taken(MATLAB_1986, 9999)) == "age_out_of_range"


def test_the_year_of_birth_is_matlabs() -> None:
    assert [year_of_birth(MATLAB_1986 + days) for days in (-1, 0, 364, 365)] == [1985, 1986, 1986, 1987]


@pytest.mark.parametrize("never", [-(10**9), 0, 10**9])
def test_an_invalid_date_of_birth_has_a_year_that_gives_an_implausible_age(never: int) -> None:
    assert reason(age=2010.0 - year_of_birth(never)) == "age_out_of_range"
