"""Reliability diagrams and PIT histograms, worked by hand, and on predictions that are calibrated by construction."""

import numpy as np
import pytest
from scipy.stats import binomtest

from visage.evaluation.calibration import BINS, pit_histogram, reliability
from visage.evaluation.statistics.intervals import Interval


def test_each_bin_has_its_mean_prediction_and_its_observed_fraction() -> None:
    probability = np.array([0.0, 0.05, 0.06, 0.55, 0.9, 1.0])
    diagram = reliability(probability, np.array([0, 1, 0, 1, 1, 0]), np.arange(6))
    assert [(each.low, each.high) for each in diagram] == [(n / 10, (n + 1) / 10) for n in range(BINS)]
    filled = {n: each for n, each in enumerate(diagram) if each.predicted is not None}
    assert {n: each.observed.records for n, each in filled.items()} == {0: 3, 5: 1, 9: 2}
    assert [each.predicted for each in filled.values()] == pytest.approx([0.11 / 3, 0.55, 0.95])
    assert [each.observed.value for each in filled.values()] == pytest.approx([1 / 3, 1, 0.5])
    assert (diagram[1].observed.value, diagram[1].observed.interval) == (None, None)


def test_a_bin_contains_its_lower_edge_and_the_last_one_1() -> None:
    tenths = np.arange(11) / 10
    diagram = reliability(tenths, np.zeros(11), np.arange(11))
    assert [each.observed.records for each in diagram] == [1] * 9 + [2]
    histogram = pit_histogram(tenths, np.arange(11))
    assert [each.fraction.value for each in histogram] == pytest.approx([1 / 11] * 9 + [2 / 11])


def assert_interval(found: Interval | None, hits: int, of: int) -> None:
    expected = binomtest(hits, of).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_intervals_of_independent_records_are_wilsons() -> None:
    diagram = reliability(np.full(20, 0.25), np.array([1] * 7 + [0] * 13), np.arange(20))
    assert_interval(diagram[2].observed.interval, 7, 20)
    histogram = pit_histogram(np.array([0.12] * 7 + [0.92] * 13), np.arange(20))
    assert_interval(histogram[1].fraction.interval, 7, 20)
    assert_interval(histogram[2].fraction.interval, 0, 20)


def test_images_of_one_person_widen_the_interval() -> None:
    outcome = np.repeat([1] * 7 + [0] * 13, 5)
    alone, together = (
        reliability(np.full(100, 0.25), outcome, clusters)[2].observed
        for clusters in (np.arange(100), np.repeat(np.arange(20), 5))
    )
    assert (alone.value, alone.people, together.people) == (together.value, 100, 20)
    assert alone.interval is not None
    assert together.interval is not None
    assert together.interval.high - together.interval.low > 2 * (alone.interval.high - alone.interval.low)


def test_calibrated_probabilities_lie_on_the_diagonal_and_confident_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    probability, people = rng.random(20_000), np.arange(20_000)
    for each in reliability(probability, rng.random(20_000) < probability, people):
        assert each.observed.value == pytest.approx(each.predicted, abs=0.03)
    first, *_, last = reliability(probability, rng.random(20_000) < 0.25 + 0.5 * probability, people)
    assert first.observed.interval is not None
    assert last.observed.interval is not None
    assert first.observed.interval.low > (first.predicted or 1)
    assert last.observed.interval.high < (last.predicted or 0)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_probability_that_is_no_number_is_of_no_bin(broken: float) -> None:
    diagram = reliability(np.array([0.5, broken]), np.array([1, 1]), np.arange(2))
    assert sum(each.observed.records for each in diagram) == 1


def test_the_fractions_of_a_histogram_are_of_all_records() -> None:
    histogram = pit_histogram(np.array([0.05, 0.15, 0.16, 0.95, 0.96]), np.arange(5))
    assert [each.fraction.value for each in histogram] == pytest.approx([0.2, 0.4, *[0] * 7, 0.4])
    assert {each.fraction.records for each in histogram} == {5}


def test_no_records_have_no_fractions() -> None:
    nothing = np.empty(0)
    assert {each.fraction.value for each in pit_histogram(nothing, nothing)} == {None}
    assert {each.predicted for each in reliability(nothing, nothing, nothing)} == {None}
