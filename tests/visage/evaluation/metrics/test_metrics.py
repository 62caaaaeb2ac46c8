"""Every metric against values computed by hand and against scikit-learn."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from tests.visage.evaluation.metrics.measured import measured
from visage.evaluation.metrics import METRICS, record_values, summaries
from visage.evaluation.metrics.score import score
from visage.evaluation.metrics.spec import FRACTION

NAN, INF = np.nan, np.inf


LN2 = np.log(2)


def on_years(*masses: dict[int, float]) -> np.ndarray:
    """Returns distributions over the ages 0 to 100, one for each mapping of years to their mass."""
    distributions = np.zeros((len(masses), 101))
    for row, mass in zip(distributions, masses, strict=True):
        for year, part in mass.items():
            row[year] = part
    return distributions


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "figure"),
    [
        ("age_mae", [30, 40], [31, 37], 2),
        # sqrt((1 + 49) / 2)
        ("age_rmse", [30, 40], [31, 33], 5),
        ("age_bias", [30, 40], [31, 37], -1),
        # Of an even number of records the smaller of the two in the middle.
        ("age_error_median", [30, 30, 30, 30], [31, 28, 33, 34], 2),
        ("age_error_median", [30, 30, 30], [31, 28, 60], 2),
        ("age_error_q90", [0] * 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 9),
        ("age_cs3", [30, 30, 30, 30], [33, 27, 33.1, NAN], 1 / 2),
        ("age_cs5", [30, 30, 30, 30], [35, 25, 35.1, NAN], 1 / 2),
        ("age_cs10", [30, 30, 30, 30], [40, 20, 40.1, INF], 1 / 2),
        ("age_group_accuracy", [0, 1, 2, 3], [0, 2, 2, NAN], 1 / 2),
        ("age_group_one_off_accuracy", [0, 1, 2, 0], [0, 2, 4, NAN], 1 / 2),
        # All mass on one year: the absolute error. On two years, 30 and 40, for the truth 30: (1/2)^2 for ten years.
        ("age_crps", [33, 27], on_years({30: 1}, {30: 1}), 3),
        ("age_crps", [30], on_years({30: 0.5, 40: 0.5}), 2.5),
        # Half of a year in between; and ages outside of 0 to 100.
        ("age_crps", [30.5], on_years({30: 1}), 0.5),
        ("age_crps", [103], on_years({100: 1}), 3),
        # A quarter of the mass is on each year, spread over the year around it: below 30 lies 1/4, below 29 nothing.
        ("age_coverage_50", [29.5, 31.5, 28.6, 40], on_years(*[{29: 0.25, 30: 0.25, 31: 0.25, 32: 0.25}] * 4), 1 / 2),
        # Below 29.0 lies 1/8, below 28.6 1/40: outside of the central 90 %, which begins at 1/20.
        ("age_coverage_90", [29.0, 31.9, 28.6, 40], on_years(*[{29: 0.25, 30: 0.25, 31: 0.25, 32: 0.25}] * 4), 1 / 2),
        # 19.6 is shown as 20, 29.4 as 29; 29.6 as 30.
        ("age_interval_accuracy", [[20, 29]] * 5, [19.6, 29.4, 29.6, 50, NAN], 2 / 5),
        # 0 at the mean of the guesses; 1 - exp(-1/2 x^2) for x deviations away, which is 1/2 for x = sqrt(2 ln 2).
        ("apparent_age_error", [[30, 3], [30, 3]], [30, 30 + 3 * np.sqrt(2 * LN2)], 1 / 4),
        ("gender_accuracy", [0, 1, 1, 0], [0.5, 0.6, 0.5, NAN], 1 / 2),
        # Predicted female are the first three, of whom two are; of the three female, the last one is missed.
        ("gender_precision_female", [0, 0, 1, 1, 0], [0.1, 0.5, 0.2, 0.7, 0.9], 2 / 3),
        ("gender_recall_female", [0, 0, 1, 1, 0], [0.1, 0.5, 0.2, 0.7, 0.9], 2 / 3),
        ("gender_precision_male", [0, 0, 1, 1, 0], [0.1, 0.5, 0.2, 0.7, 0.9], 1 / 2),
        ("gender_recall_male", [0, 0, 1, 1, 0], [0.1, 0.5, 0.2, 0.7, 0.9], 1 / 2),
        # NaN is neither: it lowers the recall of both.
        ("gender_recall_female", [0, 0], [0.1, NAN], 1 / 2),
        ("gender_recall_male", [1, 1], [0.9, NAN], 1 / 2),
        # Of the four pairs of a man and a woman, three are in order.
        ("gender_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 3 / 4),
        # A tie counts by half.
        ("gender_auc", [0, 1, 1], [0.5, 0.5, 0.5], 1 / 2),
        ("gender_auc", [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], 1),
        ("gender_auc", [0, 1, 0, 1], [0.9, 0.1, 0.8, 0.2], 0),
        ("gender_brier", [0, 1], [0.1, 0.7], (0.01 + 0.09) / 2),
        # Each record has a bin of its own, so nothing is known of the noise: sqrt((0.01 + 0.09) / 2).
        ("gender_ece", [0, 1], [0.1, 0.7], np.sqrt(0.05)),
        # 15 bins of two, each of a woman and a man: the noise is 1/4 a bin, above any squared error of 1/2 at most.
        ("gender_ece", [0, 1] * 15, np.repeat(np.linspace(0.1, 0.9, 15), 2), 0),
    ],
)
def test_each_metric_equals_the_value_computed_by_hand(metric: str, y_true: Any, y_pred: Any, figure: float) -> None:
    assert measured(metric, y_true, y_pred) == pytest.approx(figure, abs=1e-6)


def test_every_metric_has_an_example_computed_by_hand() -> None:
    (parameters,) = test_each_metric_equals_the_value_computed_by_hand.pytestmark
    assert {case[0] for case in parameters.args[1]} == set(METRICS)


# The metrics that scikit-learn has: the truth first, and P(male) where it is not cut at 1/2.
REFERENCES: dict[str, Any] = {
    "age_mae": sklearn_metrics.mean_absolute_error,
    "age_rmse": lambda *records, **weight: np.sqrt(sklearn_metrics.mean_squared_error(*records, **weight)),
    "age_group_accuracy": sklearn_metrics.accuracy_score,
    "gender_accuracy": lambda y, p, **weight: sklearn_metrics.accuracy_score(y, p > 0.5, **weight),
    "gender_precision_female": lambda y, p, **weight: sklearn_metrics.precision_score(y == 0, p <= 0.5, **weight),
    "gender_recall_female": lambda y, p, **weight: sklearn_metrics.recall_score(y == 0, p <= 0.5, **weight),
    "gender_precision_male": lambda y, p, **weight: sklearn_metrics.precision_score(y == 1, p > 0.5, **weight),
    "gender_recall_male": lambda y, p, **weight: sklearn_metrics.recall_score(y == 1, p > 0.5, **weight),
    "gender_auc": sklearn_metrics.roc_auc_score,
    "gender_brier": sklearn_metrics.brier_score_loss,
}


def records_of(metric: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws truths and predictions of a metric's target; probabilities and ages repeat, so that there are ties."""
    rng = np.random.default_rng(seed)
    target = METRICS[metric].target
    if target in ("gender", "gender_probability"):
        return np.arange(count) % 2, rng.integers(0, 40, count) / 40
    if target == "age_group":
        return rng.integers(0, 8, count), rng.integers(0, 8, count).astype(float)
    ages = rng.integers(0, 101, count).astype(float)
    if target == "age_distribution":
        return ages, rng.dirichlet(np.full(101, 0.1), count)
    if target == "age_interval":
        return np.stack([ages, ages + 9], axis=1), ages + rng.integers(-9, 18, count)
    if target == "apparent_age":
        return np.stack([ages, rng.uniform(1, 9, count)], axis=1), ages + rng.integers(-9, 9, count)
    return ages, ages + rng.integers(-20, 20, count)


@pytest.mark.parametrize("metric", REFERENCES)
def test_metrics_equal_those_of_scikit_learn(metric: str) -> None:
    truth, predicted = records_of(metric, 500, seed=1)
    assert measured(metric, truth, predicted) == pytest.approx(REFERENCES[metric](truth, predicted), abs=1e-6)


@pytest.mark.parametrize("metric", REFERENCES)
def test_weighted_metrics_equal_those_of_scikit_learn(metric: str) -> None:
    truth, predicted = records_of(metric, 200, seed=2)
    # Weights like those of standardized figures, a tenth of them 0.
    weights = np.random.default_rng(3).gamma(1, 2, (3, 200))
    weights[:, ::10] = 0
    spec = METRICS[metric]
    found = spec.summary(spec.values(truth, predicted), weights)
    references = [REFERENCES[metric](truth, predicted, sample_weight=weight) for weight in weights]
    assert found == pytest.approx(references, abs=1e-6)


# The calibration error has no weights.
@pytest.mark.parametrize("metric", sorted({*METRICS} - {"gender_ece"}))
@given(weight=st.lists(st.integers(0, 3), min_size=12, max_size=12), seed=st.integers(0, 9))
def test_a_record_of_weight_n_counts_as_n_records(metric: str, weight: list[int], seed: int) -> None:
    truth, predicted = records_of(metric, 12, seed)
    spec = METRICS[metric]
    found = spec.summary(spec.values(truth, predicted), np.array([weight, [1] * 12], float))
    of_repeated = np.repeat(truth, weight, axis=0), np.repeat(predicted, weight, axis=0)
    repeated = spec.measure(*of_repeated, np.ones(sum(weight), bool))
    assert found[0] == pytest.approx(NAN if repeated is None else repeated, abs=1e-6, nan_ok=True)
    assert found[1] == pytest.approx(spec.measure(truth, predicted, np.ones(12, bool)) or 0, abs=1e-6)


def test_the_crps_is_half_the_mean_difference_less_than_the_mean_distance() -> None:
    # E|X - y| - E|X - X'| / 2, an equal form of the score (Gneiting and Raftery 2007, equation 21).
    truth, predicted = records_of("age_crps", 50, seed=4)
    years = np.arange(101)
    distance = (predicted * abs(years - truth[:, None])).sum(axis=1)
    difference = np.einsum("ni,nj,ij->n", predicted, predicted, abs(years[:, None] - years))
    assert measured("age_crps", truth, predicted) == pytest.approx((distance - difference / 2).mean(), abs=1e-6)


@pytest.mark.parametrize(("level", "metric"), [(0.5, "age_coverage_50"), (0.9, "age_coverage_90")])
def test_calibrated_distributions_cover_as_many_ages_as_they_say(level: float, metric: str) -> None:
    rng = np.random.default_rng(5)
    years = np.arange(101)
    distribution = np.exp(-((years - 50) ** 2) / (2 * 12**2))
    distribution /= distribution.sum()
    # Ages to the day, spread over the year around each whole one.
    ages = rng.choice(years, 20_000, p=distribution) + rng.uniform(-0.5, 0.5, 20_000)
    assert measured(metric, ages, np.tile(distribution, (20_000, 1))) == pytest.approx(level, abs=0.01)


def test_values_in_blocks_are_those_of_all_records_and_take_little_memory() -> None:
    rng = np.random.default_rng(10)
    truth, predicted = rng.uniform(0, 90, 40_000), np.full((40_000, 101), 1 / 101, np.float32)
    rows = np.flatnonzero(truth > 5)
    tracemalloc.start()
    found = record_values.by_blocks(record_values.crps, truth, predicted, rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.dtype, found.shape) == (np.float32, rows.shape)
    assert found[-5_000:] == pytest.approx(record_values.crps(truth[rows[-5_000:]], predicted[rows[-5_000:]]), abs=1e-5)
    # The distributions themselves take 16 MB; at once, the score of all would take over 100 MB.
    assert peak < 70e6
    assert record_values.by_blocks(record_values.crps, truth, predicted, rows[:0]).shape == (0,)


def test_sums_of_many_records_are_as_exact_as_those_of_few() -> None:
    rng = np.random.default_rng(11)
    values = (rng.normal(0, 5, 300_000) ** 2).astype(np.float32)
    weight = rng.poisson(1, (2, 300_000)).astype(np.float32)
    exact = weight.astype(float) @ values.astype(float) / weight.sum(axis=1)
    assert summaries.mean(values, weight) == pytest.approx(exact, rel=3e-7)


@pytest.mark.parametrize("metric", METRICS)
def test_records_outside_the_mask_do_not_count(metric: str) -> None:
    truth, predicted = records_of(metric, 20, seed=7)
    inside = measured(metric, truth, predicted)
    assert inside is not None
    outside = np.full_like(predicted[:5], np.nan)
    mask = np.arange(25) < 20
    more = np.concatenate([truth, truth[:5]]), np.concatenate([predicted, outside])
    assert measured(metric, *more, mask) == pytest.approx(inside)
    assert measured(metric, truth, predicted, np.zeros(20, bool)) is None


@pytest.mark.parametrize("broken", [NAN, INF])
@pytest.mark.parametrize("metric", METRICS)
def test_a_prediction_that_is_no_number_is_wrong_or_leaves_no_figure(metric: str, broken: float) -> None:
    truth, predicted = records_of(metric, 20, seed=8)
    predicted[0] = broken
    found = measured(metric, truth, predicted)
    if METRICS[metric].unit is FRACTION:
        # Not better than without the record.
        assert found is not None
        assert 0 <= found <= (measured(metric, truth[1:], predicted[1:]) or 0)
    elif metric == "apparent_age_error" and broken == INF:
        assert found is not None
        assert found <= 1
    else:
        assert found is None


def test_without_one_gender_there_is_no_auc_and_no_recall_of_it() -> None:
    assert measured("gender_auc", [1, 1], [0.2, 0.9]) is None
    assert measured("gender_recall_female", [1, 1], [0.2, 0.9]) is None
    assert measured("gender_recall_male", [1, 1], [0.2, 0.9]) == 1 / 2
    assert measured("gender_precision_male", [0, 1], [0.2, 0.3]) is None


@given(records=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_is_the_fraction_of_ordered_pairs(records: list[tuple[int, int]]) -> None:
    men, women = ([of for is_male, of in records if is_male == male] for male in (1, 0))
    pairs = [(man > woman) + (man == woman) / 2 for man in men for woman in women]
    (area,) = summaries.roc_auc(np.array(records, float), np.ones((1, len(records))))
    assert area == pytest.approx(sum(pairs) / len(pairs) if pairs else NAN, nan_ok=True)


def test_unknown_truths_and_heads_that_a_model_lacks_are_not_measured() -> None:
    truths: Any = {"age": np.array([30.0, np.nan]), "age_group": np.array([4, -1]), "gender": np.array([-1, -1])}
    predicted: Any = {"age": np.array([32.0, 99.0]), "gender": np.array([0.9, 0.1])}
    truths["gender_probability"], predicted["gender_probability"] = truths["gender"], predicted["gender"]
    found = score("evaluation", truths, predicted)
    assert set(found) == set(METRICS)
    assert {name: value for name, value in found.items() if value is not None} == {
        "age_mae": 2,
        "age_rmse": 2,
        "age_bias": 2,
        "age_error_median": 2,
        "age_error_q90": 2,
        "age_cs3": 1,
        "age_cs5": 1,
        "age_cs10": 1,
    }
