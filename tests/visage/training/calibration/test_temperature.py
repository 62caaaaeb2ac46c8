"""The temperature of simulated logits is found again, and stays 1 where the labels cannot say what it is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.networks import AgeHead
from visage.networks.heads import age_probabilities
from visage.training.calibration.temperature import FEWEST_RECORDS, fit_age, fit_gender, log_age_probabilities

TEMPERATURES = st.floats(0.3, 4)


def genders(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns calibrated logits [1, count] and labels drawn from them."""
    logits = rng.normal(0, 2, count)
    return logits[None], rng.random(count) < 1 / (1 + np.exp(-logits))


def ages(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns calibrated logits [1, count, 101] and ages drawn from them."""
    logits = -0.5 * ((np.arange(101) - rng.uniform(10, 90, count)[:, None]) / 5) ** 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (probabilities.cumsum(axis=1) < rng.random(count)[:, None]).sum(axis=1)
    return logits[None], drawn.astype(float)


@settings(max_examples=15, deadline=None)
@given(TEMPERATURES, st.integers(0, 1000))
def test_the_temperature_of_genders_is_found(temperature: float, seed: int) -> None:
    logits, male = genders(8000, np.random.default_rng(seed))
    fit = fit_gender(temperature * logits, male)
    assert fit.temperature == pytest.approx(temperature, rel=0.15)
    assert fit.records == 8000
    assert fit.not_fitted is None
    assert fit.nll_before is not None
    assert fit.nll_after is not None
    assert fit.nll_after <= fit.nll_before
    assert fit == fit_gender(temperature * logits, male)


@settings(max_examples=8, deadline=None)
@given(TEMPERATURES, st.integers(0, 1000))
def test_the_temperature_of_ages_is_found(temperature: float, seed: int) -> None:
    logits, years = ages(1500, np.random.default_rng(seed))
    fit = fit_age(temperature * logits, "softmax", years)
    assert fit.temperature == pytest.approx(temperature, rel=0.2)


def test_the_temperature_of_age_groups_is_found() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1.5, (6000, 8))
    group = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    fit = fit_age(2.5 * logits[None], "age_groups", group)
    assert fit.temperature == pytest.approx(2.5, rel=0.1)


def test_the_temperature_of_corals_thresholds_is_found() -> None:
    rng = np.random.default_rng(1)
    logits = rng.uniform(10, 90, 3000)[:, None] - np.arange(100) - 0.5
    years = (rng.logistic(size=3000)[:, None] < logits / 3).sum(axis=1)
    fit = fit_age(logits[None], "coral", years.astype(float))
    assert fit.temperature == pytest.approx(3, rel=0.1)


def test_the_likelihood_is_worked_by_hand() -> None:
    """Three in four are male at logit 2: the best P is 3/4, whose logit is log(3)."""
    male = np.array([True, True, True, False] * 25)
    fit = fit_gender(np.full((1, 100), 2.0), male)
    assert fit.temperature == pytest.approx(2 / math.log(3), rel=1e-3)
    assert fit.nll_before == pytest.approx(0.75 * math.log(1 + math.exp(-2)) + 0.25 * math.log(1 + math.exp(2)))
    assert fit.nll_after == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25), abs=1e-6)


def test_a_mirror_image_counts_by_the_mean_of_probabilities() -> None:
    views = np.array([[3.0], [1.0]]) * np.where(np.arange(100) % 4 == 3, -1, 1)
    fit = fit_gender(views, np.array([True, True, True, False] * 25))
    mean = (1 / (1 + math.exp(-3)) + 1 / (1 + math.exp(-1))) / 2
    assert fit.nll_before == pytest.approx(-math.log(mean))


def test_a_year_between_two_and_one_above_100_are_worked_by_hand() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(101), 100)
    logits = np.log(probabilities)[None]
    between = fit_age(logits, "label_distribution", np.full(100, 30.25))
    expected = 0.75 * np.log(probabilities[:, 30]) + 0.25 * np.log(probabilities[:, 31])
    assert between.nll_before == pytest.approx(-expected.mean())
    eldest = fit_age(logits, "softmax", np.full(100, 116.0))
    assert eldest.nll_before == pytest.approx(-np.log(probabilities[:, 100]).mean())


def test_more_records_than_fit_into_memory_at_once_have_the_same_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, years = ages(500, np.random.default_rng(3))
    whole = fit_age(2 * logits, "softmax", years)
    monkeypatch.setattr("visage.training.calibration.temperature._ROWS", 64)
    in_parts = fit_age(2 * logits, "softmax", years)
    assert in_parts.temperature == pytest.approx(whole.temperature, rel=1e-3)
    assert in_parts.nll_before == pytest.approx(whole.nll_before)


@pytest.mark.parametrize(
    ("head", "outputs"), [("softmax", 101), ("label_distribution", 101), ("age_groups", 8), ("coral", 100)]
)
def test_the_fitted_distribution_is_that_of_the_head(head: AgeHead, outputs: int) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (2, 12, outputs)).astype(np.float32)
    served = np.mean([age_probabilities(view, head) for view in logits], axis=0)
    np.testing.assert_allclose(np.exp(log_age_probabilities(logits.astype(float), head)), served, atol=1e-6)


def test_equal_thresholds_of_coral_cost_much_and_not_infinitely() -> None:
    fit = fit_age(np.zeros((1, 100, 100)), "coral", np.arange(100.0))
    assert fit.nll_before is not None
    assert 100 < fit.nll_before < 1000


@pytest.mark.parametrize(
    ("logits", "male", "reason"),
    [
        (np.zeros(0), np.zeros(0, bool), "no val record has a known gender"),
        (np.ones(40), np.arange(40) % 2 == 0, f"40 val records have a known gender; a fit needs {FEWEST_RECORDS}"),
        (np.ones(200), np.ones(200, bool), "all val records have the same gender"),
        (np.where(np.arange(200) % 2, 3.0, -3.0), np.arange(200) % 2 == 1, "no maximum between 0.05 and 20"),
        (np.zeros(200), np.arange(200) % 2 == 1, "no maximum between 0.05 and 20"),
        (np.where(np.arange(200) % 2, -3.0, 3.0), np.arange(200) % 2 == 1, "no maximum between 0.05 and 20"),
        (np.full(200, np.nan), np.arange(200) % 2 == 1, "not all finite"),
    ],
)
def test_the_temperature_stays_1_and_the_reason_is_given(logits: np.ndarray, male: np.ndarray, reason: str) -> None:
    fit = fit_gender(logits[None], male)
    assert fit.temperature == 1
    assert fit.not_fitted is not None
    assert reason in fit.not_fitted
    assert fit.nll_after == fit.nll_before
    assert fit.records == len(male)


def test_one_age_alone_says_nothing() -> None:
    fit = fit_age(np.zeros((1, 100, 101)), "softmax", np.full(100, 30.0))
    assert fit.not_fitted == "all val records have the same age"
