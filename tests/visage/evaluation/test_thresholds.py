"""A model as a check of legal ages."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.predictions.table import ModelOutputs, Truths
from visage.evaluation.slices import slices_of
from visage.evaluation.thresholds import LEGAL_AGES, LegalAgeCheck, check_legal_ages, false_positive_rate

# Of a hundred people of 17 years the estimated ages are 1 to 100, and so of a hundred people of 30 years.
TRUTHS = truths_of([17.0] * 100 + [30.0] * 100, ["female", "male"] * 100)
ESTIMATED = outputs_of([*range(1, 101)] * 2)


def check(legal_age: int, truths: Truths = TRUTHS, outputs: ModelOutputs = ESTIMATED) -> LegalAgeCheck:
    clusters = np.arange(len(truths))
    found = check_legal_ages(truths, outputs, slices_of(truths, clusters, ["gender"]), clusters)
    assert [each.legal_age for each in found] == list(LEGAL_AGES)
    return next(each for each in found if each.legal_age == legal_age)


def test_the_smallest_challenge_age_meets_its_target_and_the_next_lower_one_does_not() -> None:
    five, one = check(18).by_age
    assert (five.target, five.threshold, one.target, one.threshold) == (0.05, 96, 0.01, 100)
    assert five.false_negatives is not None
    # Estimated 96 to 100 years: of the others 95 are stopped.
    assert (five.false_negatives.value, five.false_negatives.records) == (pytest.approx(0.95), 100)
    # Women have the odd estimates, from 97 on.
    assert {name: rate.value for name, rate in five.false_negatives_by_group.items()} == pytest.approx(
        {"gender female": 0.96, "gender male": 0.94}
    )
    for rate in five.false_negatives_by_group.values():
        assert rate.interval is not None
        assert rate.interval.low < 0.95 < rate.interval.high
    lower = false_positive_rate(TRUTHS, ESTIMATED, np.arange(200), 18, 95)
    assert lower is not None
    assert lower.value == pytest.approx(0.06)


def test_at_the_legal_age_all_who_look_of_age_pass() -> None:
    assert check(18).at_legal_age.value == pytest.approx(83 / 100)
    assert check(21).at_legal_age.value == pytest.approx(80 / 100)


def test_nobody_below_the_legal_age_leaves_nothing_to_measure() -> None:
    found = check(16)
    assert (found.smallest_rate, found.at_legal_age.value) == (None, None)
    assert [challenge.threshold for challenge in found.by_age] == [None, None]


def test_the_smallest_rate_that_the_records_can_show() -> None:
    # Wilson's interval of none of a hundred.
    assert check(18).smallest_rate == pytest.approx(0.0370, abs=1e-4)
    sure = outputs_of([10.0] * 100 + [30.0] * 100)
    five, one = check(18, outputs=sure).by_age
    assert (five.threshold, five.safe_threshold, one.threshold, one.safe_threshold) == (18, 18, 18, None)


def test_people_are_rated_by_the_threshold_that_others_choose() -> None:
    # Nineteen people look like children, one like 40 years. Where that one is among the people who choose, a threshold
    # of 5 % is 18 of all 20 people, and 41 of 18; where that one is rated, the others choose 18.
    truths = truths_of([15.0] * 20, races=["white"] * 19 + ["black"])
    clusters = np.arange(20)
    outputs = outputs_of([10.0] * 19 + [40.0])
    found = check_legal_ages(truths, outputs, slices_of(truths, clusters, ["race"]), clusters)[2]
    five, one = found.by_age
    assert (five.threshold, one.threshold) == (18, 41)
    for challenge in (five, one):
        assert challenge.false_positives is not None
        assert challenge.false_positives.value == pytest.approx(1 / 20)
        assert {name: rate.value for name, rate in challenge.false_positives_by_group.items()} == {
            "race white": 0,
            "race black": 1,
        }
        assert challenge.by_year[15].value == pytest.approx(1 / 20)


def test_the_images_of_a_person_do_not_rate_the_threshold_that_they_choose() -> None:
    # Of ten people one has ten images that look old; without these, the other nine people choose the lowest threshold.
    clusters = np.repeat(np.arange(10), 10)
    truths = truths_of([15.0] * 100)
    old = outputs_of(np.where(clusters == 3, 40.0, 10.0).tolist())
    one = check_legal_ages(truths, old, [], clusters)[2].by_age[1]
    assert one.threshold == 41
    assert one.false_positives is not None
    assert (one.false_positives.value, one.false_positives.people) == (pytest.approx(0.1), 10)


def test_the_rate_of_a_choice_is_that_of_new_people_and_a_safe_threshold_is_safe() -> None:
    # 60 people under 18, estimated 14 years with a deviation of 4: the rate on all people is known.
    stated, seen, true, broken = [], [], [], 0
    for seed in range(60):
        score = np.random.default_rng(seed).normal(14, 4, 60)
        clusters = np.arange(60)
        found = check_legal_ages(truths_of([15.0] * 60), outputs_of(score.tolist()), [], clusters)[2].by_age[0]
        assert found.threshold is not None
        assert found.false_positives is not None
        stated.append(found.false_positives.value or 0.0)
        seen.append(np.mean(score >= found.threshold))
        true.append(stats.norm.sf(found.threshold, 14, 4))
        broken += found.safe_threshold is not None and stats.norm.sf(found.safe_threshold, 14, 4) > 0.05
    assert np.mean(seen) < np.mean(true) - 0.01
    assert np.mean(stated) == pytest.approx(np.mean(true), abs=0.01)
    assert broken <= 3


def test_a_safe_threshold_is_above_the_smallest() -> None:
    # Of 200 people under 18 ten are estimated 20 years, five 25: 5 of 200 have an interval up to 5.7 %, none to 1.9 %.
    truths = truths_of([17.0] * 200)
    outputs = outputs_of([10.0] * 185 + [20.0] * 10 + [25.0] * 5)
    five, one = check_legal_ages(truths, outputs, [], np.arange(200))[2].by_age
    assert (five.threshold, five.safe_threshold) == (21, 26)
    assert (one.threshold, one.safe_threshold) == (26, None)


def safe_of(scores: np.ndarray) -> float | None:
    """Returns the safe age for 5 % from the estimated ages of people under 18, float [people, images]."""
    clusters = np.repeat(np.arange(len(scores)), scores.shape[1])
    truths, outputs = truths_of([17.0] * scores.size), outputs_of(scores.ravel().tolist())
    return check_legal_ages(truths, outputs, [], clusters)[2].by_age[0].safe_threshold


def test_images_of_few_people_show_no_safe_threshold_whether_or_not_one_is_a_false_positive() -> None:
    # None of 40 people has an interval up to 8.8 %, however many images they have.
    scores = np.full((40, 10), 10.0)
    assert safe_of(scores) is None
    scores[0, 0] = 100
    assert safe_of(scores) is None


def test_a_safe_threshold_of_people_with_several_images_counts_people() -> None:
    # None of 100 people has an interval up to 3.7 %. With all images of one estimated 30 years, it is up to 5.4 %.
    scores = np.full((100, 10), 10.0)
    assert safe_of(scores) == 18
    scores[0, 0] = 30
    assert safe_of(scores) == 18
    scores[0] = 30
    assert safe_of(scores) == 31


def test_a_safe_threshold_of_people_with_several_images_is_safe() -> None:
    # Half of the variance is that of people; 5 % of all images are estimated 20.6 years or older.
    broken = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        safe = safe_of(14 + np.sqrt(8) * (rng.normal(size=(120, 1)) + rng.normal(size=(120, 5))))
        broken += safe is not None and stats.norm.sf(safe, 14, 4) > 0.05
    assert broken <= 1


def test_one_person_below_the_legal_age_has_no_rate() -> None:
    found = check_legal_ages(truths_of([17.0, 30.0]), outputs_of([10.0, 30.0]), [], np.arange(2))[2].by_age[0]
    assert (found.threshold, found.false_positives, found.safe_threshold) == (18, None, None)


def test_a_threshold_of_the_probability_needs_a_distribution() -> None:
    assert check(18).by_probability == []
    # P(age >= 18) is 0.6 of everybody under 18, and 0.9 of the others.
    probabilities = np.zeros((200, 101), np.float32)
    probabilities[:, 10] = np.repeat([0.4, 0.1], 100)
    probabilities[:, 40] = np.repeat([0.6, 0.9], 100)
    five, one = check(18, outputs=replace(ESTIMATED, age_probabilities=probabilities)).by_probability
    assert five.threshold == one.threshold == pytest.approx(0.61)
    assert five.false_positives is not None
    assert five.false_negatives is not None
    assert (five.false_positives.value, five.false_negatives.value) == (0, 0)


def test_unknown_ages_count_nowhere() -> None:
    truths = truths_of([17.0] * 100 + [None] * 100)
    found = check(18, truths)
    assert (found.at_legal_age.records, found.at_legal_age.people) == (100, 100)
    five = found.by_age[0]
    assert five.false_negatives is not None
    assert five.false_negatives.records == 0


def test_a_prediction_that_is_no_number_counts_as_passing() -> None:
    broken = outputs_of([*[np.nan] * 10, *[1.0] * 190])
    assert check(18, outputs=broken).at_legal_age.value == pytest.approx(0.1)
    assert check(18, outputs=broken).by_age[0].threshold is None
    rate = false_positive_rate(TRUTHS, broken, np.arange(200), 18, 30)
    assert rate is not None
    assert rate.value == pytest.approx(0.1)


def test_a_model_without_ages_in_years_checks_nothing() -> None:
    clusters = np.arange(200)
    of_groups = replace(ESTIMATED, age_probabilities=np.full((200, 8), 1 / 8, np.float32))
    for outputs in (of_groups, replace(ESTIMATED, age=None)):
        assert check_legal_ages(TRUTHS, outputs, [], clusters) == []
        assert false_positive_rate(TRUTHS, outputs, clusters, 18, 25) is None
