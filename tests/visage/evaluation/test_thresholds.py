"""A model as a check of legal ages."""

from dataclasses import replace

import numpy as np
import pytest

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
    assert five.false_positives is not None
    assert five.false_negatives is not None
    # Estimated 96 to 100 years: five of the hundred under 18 pass; of the others 95 are stopped.
    assert (five.false_positives.value, five.false_positives.records) == (pytest.approx(0.05), 100)
    assert five.false_negatives.value == pytest.approx(0.95)
    assert not five.shown
    assert {year: rate.value for year, rate in five.by_year.items()} == pytest.approx({17: 0.05, 30: 0.05})
    # Women have the odd estimates, from 97 on.
    assert {name: rate.value for name, rate in five.by_group.items()} == pytest.approx(
        {"gender female": 0.04, "gender male": 0.06}
    )
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
    assert (five.threshold, five.shown, one.threshold, one.shown) == (18, True, 18, False)


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
