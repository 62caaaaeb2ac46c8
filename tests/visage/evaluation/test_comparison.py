"""Two models on the same records, many tests at once, and intervals that hold together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.evaluation.comparison import Worsening, holm, paired_worsening, simultaneous_intervals
from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import METRICS
from visage.evaluation.statistics import intervals

MAE, ACCURACY = METRICS["age_mae"], METRICS["gender_accuracy"]
PEOPLE = 100
WEIGHTS = np.concatenate(list(intervals.bootstrap_weights(np.arange(PEOPLE))))


def figure_of(values: np.ndarray) -> Figure:
    """Returns the mean of the values of the people that `WEIGHTS` draws; NaN of those who are not of the group."""
    known = ~np.isnan(values)
    weight = WEIGHTS[:, known]
    with np.errstate(invalid="ignore"):
        replicates = weight @ values[known] / weight.sum(axis=1)
    people = int(known.sum())
    interval = intervals.percentile_interval(replicates, people)
    return Figure(float(values[known].mean()), people, people, interval, replicates)


def errors(seed: int, mean: float = 5.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 2, PEOPLE)


NOTHING = Figure(None, 0, 0, None, np.full(len(WEIGHTS), np.nan))


def test_a_model_is_worse_by_the_difference_whichever_way_is_worse() -> None:
    before, after = figure_of(errors(1)), figure_of(errors(1) + 1)
    worse = paired_worsening(MAE, after, before)
    better = paired_worsening(ACCURACY, after, before)
    assert worse is not None
    assert better is not None
    assert (worse.value, better.value) == pytest.approx((1, -1))
    assert worse.people == PEOPLE


def test_equal_models_differ_by_exactly_nothing() -> None:
    same = paired_worsening(MAE, figure_of(errors(1)), figure_of(errors(1)), identical=True)
    assert same is not None
    assert same.interval is not None
    assert (same.value, same.interval.low, same.interval.high, same.standard_error) == (0, 0, 0, 0)
    assert same.p_value(margin=0) == same.p_value(margin=0.1) == 1
    # No draw of people shows how much the difference of other models varies.
    assert same.smallest_detectable(margin=0.1) is None


def test_models_that_no_person_tells_apart_may_differ_by_clopper_and_pearsons_limit() -> None:
    right = np.arange(PEOPLE) % 10 > 0
    same = paired_worsening(ACCURACY, figure_of(right + 0.0), figure_of(right + 0.0))
    assert same is not None
    assert same.interval is not None
    # Of 100 people, of whom none is predicted otherwise: 1 - 0.05 ** (1 / 100).
    assert (same.value, same.interval.low, same.interval.high) == pytest.approx((0, -0.0295, 0.0295), abs=1e-4)
    assert same.p_value(margin=0) == 1
    assert same.smallest_detectable(margin=0) is None


def test_an_error_that_is_the_same_for_every_person_has_no_interval() -> None:
    worse = paired_worsening(MAE, figure_of(np.full(PEOPLE, 6.0)), figure_of(np.full(PEOPLE, 5.0)))
    assert worse is not None
    assert (worse.value, worse.standard_error, worse.interval) == (1, 0, None)


def test_pairing_removes_what_both_models_find_hard() -> None:
    hard = errors(1) * 3
    little = np.random.default_rng(2).normal(0.2, 0.3, PEOPLE)
    before, after = figure_of(hard), figure_of(hard + little)
    found = paired_worsening(MAE, after, before)
    assert found is not None
    assert found.standard_error == pytest.approx(0.3 / np.sqrt(PEOPLE), rel=0.2)
    assert found.standard_error < before.standard_error / 10
    assert found.p_value(margin=0) < 0.001
    assert found.p_value(margin=0.2) > 0.05


def test_a_model_without_a_figure_cannot_be_compared() -> None:
    assert paired_worsening(MAE, NOTHING, figure_of(errors(1))) is None
    assert paired_worsening(MAE, figure_of(errors(1)), NOTHING) is None


def test_the_p_value_is_that_of_students_test() -> None:
    worse = Worsening(value=0.5, interval=None, standard_error=0.2, people=11)
    # t = 2.5 of ten degrees of freedom; half of the two-sided 0.0314.
    assert worse.p_value(margin=0) == pytest.approx(0.01572, abs=1e-5)
    assert worse.p_value(margin=0.5) == pytest.approx(0.5)


def test_a_difference_that_never_varies_is_sure_and_one_of_a_single_person_is_not() -> None:
    assert Worsening(1.0, None, 0.0, 10).p_value(margin=0.5) == 0
    assert Worsening(0.5, None, 0.0, 10).p_value(margin=0.5) == 1
    alone = Worsening(9.0, None, float("nan"), 1)
    assert alone.p_value(margin=0.5) == 1
    assert alone.smallest_detectable(margin=0.5) is None


def test_the_smallest_detectable_worsening_is_detected_8_times_in_10() -> None:
    standard_error, people = 0.2, 30
    least = Worsening(0.0, None, standard_error, people).smallest_detectable(margin=0.5)
    assert least is not None
    # 0.5 + (1.699 + 0.854) * 0.2, of 29 degrees of freedom.
    assert least == pytest.approx(1.0107, abs=1e-3)
    rng = np.random.default_rng(3)
    detected = 0
    for _ in range(2000):
        drawn = rng.normal(least, standard_error * np.sqrt(people), people)
        found = Worsening(float(drawn.mean()), None, float(drawn.std(ddof=1) / np.sqrt(people)), people)
        detected += found.p_value(margin=0.5) < 0.05
    assert detected / 2000 == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([], []),
        ([0.02], [0.02]),
        # 3 * 0.01, 2 * 0.03, and 1 * 0.04 raised to the one before.
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.5, 0.5], [1, 1, 1]),
        # 4 * 0.01, 3 * 0.02, 2 * 0.03, 1 * 0.5
        ([0.5, 0.03, 0.02, 0.01], [0.5, 0.06, 0.06, 0.04]),
    ],
)
def test_holms_correction_by_hand(p_values: list[float], corrected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holms_correction_keeps_the_order_and_lies_between_none_and_bonferronis(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert [place for _, place in sorted(zip(p_values, corrected, strict=True))] == sorted(corrected)
    for before, after in zip(p_values, corrected, strict=True):
        assert before <= after <= min(1, len(p_values) * before) + 1e-9


def test_holm_bounds_the_chance_of_any_false_alarm() -> None:
    rng = np.random.default_rng(4)
    alarms = sum(min(holm(rng.uniform(size=10).tolist())) < 0.05 for _ in range(2000))
    assert alarms / 2000 <= 0.065


def gaps_of(values: np.ndarray, groups: int) -> dict[str, Figure]:
    """Returns the figures of equally large groups, less the mean of their true value, 5."""
    of_group = np.arange(PEOPLE) % groups
    return {str(group): figure_of(np.where(of_group == group, values - 5, np.nan)) for group in range(groups)}


def test_intervals_that_hold_together_are_wider_than_each_alone() -> None:
    gaps = gaps_of(errors(5), groups=5)
    for name, interval in simultaneous_intervals(gaps).items():
        alone = gaps[name].interval
        assert interval is not None
        assert alone is not None
        assert interval.high - interval.low > alone.high - alone.low
        # Around the gap itself.
        assert (interval.low + interval.high) / 2 == pytest.approx(gaps[name].value)


def test_groups_alike_have_no_gap_in_nearly_all_of_the_splits() -> None:
    held = 0
    for seed in range(100):
        found = simultaneous_intervals(gaps_of(errors(seed), groups=5))
        held += all(interval is not None and interval.low <= 0 <= interval.high for interval in found.values())
    assert held >= 90


def test_a_group_that_differs_has_a_gap() -> None:
    values = errors(6)
    values[::5] += 4
    found = simultaneous_intervals(gaps_of(values, groups=5))
    assert found["0"] is not None
    assert found["0"].low > 1


def test_a_gap_that_never_varies_is_an_interval_of_one_point_and_a_single_person_has_none() -> None:
    values = np.full(PEOPLE, 7.0)
    assert simultaneous_intervals({"a": figure_of(values)})["a"] == intervals.Interval(7, 7)
    alone = np.full(PEOPLE, np.nan)
    alone[0] = 7
    assert simultaneous_intervals({"a": figure_of(alone), **gaps_of(errors(7), 2)})["a"] is None
    assert simultaneous_intervals({}) == {}
