"""Figures as if every age and gender occurred alike."""

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation import standardization
from visage.evaluation.measurement import Measured, measure_slices
from visage.evaluation.metrics import METRICS
from visage.evaluation.predictions.table import PredictionTable, Truths
from visage.evaluation.slices import slices_of
from visage.evaluation.standardization import equal_ages_and_genders

# Nine young women and one old man, of whom the model errs by 2 and by 20 years.
MANY_YOUNG = truths_of([25.0] * 9 + [75.0], ["female"] * 9 + ["male"])
ERRORS = np.array([2.0] * 9 + [20.0])


@pytest.fixture(autouse=True)
def small_strata_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the few records of a test be strata of their own."""
    monkeypatch.setattr(standardization, "LEAST_RECORDS", 1)


def standardized(truths: Truths, errors: np.ndarray, *metrics: str) -> list[Measured]:
    table = PredictionTable(truths, {"candidate": outputs_of(np.nan_to_num(truths.age) + errors, [0.9] * len(errors))})
    clusters = np.arange(len(errors))
    standard = equal_ages_and_genders(truths)
    specs = [METRICS[metric] for metric in metrics]
    found = measure_slices(table, "candidate", slices_of(truths, clusters, ()), specs, clusters, standard)
    return [found["overall"][metric] for metric in metrics]


def test_every_age_and_gender_that_occurs_weighs_the_same() -> None:
    error, accuracy = standardized(MANY_YOUNG, ERRORS, "age_mae", "gender_accuracy")
    assert error.value == pytest.approx((2 + 20) / 2)
    # The model calls everybody male.
    assert accuracy.value == pytest.approx(1 / 2)


def test_records_of_an_age_share_the_weight_of_it() -> None:
    truths = truths_of([25, 25, 75], ["female"] * 3)
    (error,) = standardized(truths, np.array([1.0, 3.0, 10.0]), "age_mae")
    assert error.value == pytest.approx((2 + 10) / 2)


def test_ages_alike_give_the_crude_figure() -> None:
    errors = np.arange(20.0)
    (error,) = standardized(truths_of([30.0] * 20, ["male"] * 20), errors, "age_mae")
    assert error.value == pytest.approx(errors.mean())


def test_records_of_unknown_age_or_gender_are_left_out() -> None:
    truths = truths_of([25.0, 25.0, None], ["female", "unknown", "male"])
    (error,) = standardized(truths, np.array([1.0, 50.0, 50.0]), "age_mae")
    assert (error.value, error.records) == (pytest.approx(1), 1)


def test_a_standardized_fraction_has_an_interval_of_the_bootstrap() -> None:
    rng = np.random.default_rng(1)
    truths = truths_of(rng.integers(0, 90, 300).tolist())
    errors = rng.normal(0, 5, 300)
    (within,) = standardized(truths, errors, "age_cs5")
    assert within.interval is not None
    assert within.value is not None
    assert 0 < within.interval.low < within.value < within.interval.high < 1


def test_a_standardized_fraction_of_hits_alone_has_no_interval() -> None:
    (within,) = standardized(MANY_YOUNG, ERRORS / 10, "age_cs5")
    assert (within.value, within.interval) == (pytest.approx(1), None)


def test_weights_of_a_stratum_add_up_to_its_own_in_every_draw() -> None:
    standard = equal_ages_and_genders(MANY_YOUNG)
    drawn = np.array([[1.0] * 10, [2, 0, 1, 3, 0, 0, 0, 0, 0, 4], [1.0] * 9 + [0]])
    weight = standard.reweigh(np.arange(10), drawn)
    np.testing.assert_allclose(weight[:, :9].sum(axis=1), 1)
    # The man was not drawn the last time, and the figure is that of the women.
    np.testing.assert_allclose(weight[:, 9], [1, 1, 0])
    np.testing.assert_allclose(weight[1, :4], [2 / 6, 0, 1 / 6, 3 / 6])


def test_a_stratum_of_few_records_gets_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardization, "LEAST_RECORDS", 2)
    (error,) = standardized(MANY_YOUNG, ERRORS, "age_mae")
    assert (error.value, error.records) == (pytest.approx(2), 9)
