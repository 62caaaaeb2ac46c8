"""The formulas against values computed by hand, and the format of the figures."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.project import PROJECT
from visage.evaluation import metric_functions
from visage.evaluation.metrics import FRACTION, METRICS, NUMBER, YEARS, metric_of_limit, score


def measured(metric: str, y_true: Any, y_pred: Any, mask: Any = None) -> float | None:
    truth = np.array(y_true)
    counted = np.ones(len(truth), bool) if mask is None else np.array(mask)
    return METRICS[metric].measure(truth, np.array(y_pred, float), counted)


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "figure"),
    [
        ("age_mae", [30.0, 40.0], [31.0, 37.0], 2),
        ("age_cs5", [30.0, 30.0, 30.0, 30.0], [35.0, 25.0, 35.1, np.nan], 1 / 2),
        ("age_group_accuracy", [0, 1, 2, 3], [0, 2, 2, np.nan], 1 / 2),
        ("age_group_one_off_accuracy", [0, 1, 2, 0], [0, 2, 4, np.nan], 1 / 2),
        ("gender_accuracy", [0, 1, 1, 0], [0.5, 0.6, 0.5, np.nan], 1 / 2),
        # Of the four pairs of a man and a woman, three are in order.
        ("gender_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 3 / 4),
        # A tie counts by half.
        ("gender_auc", [0, 1, 1], [0.5, 0.5, 0.5], 1 / 2),
        ("gender_auc", [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], 1),
        ("gender_auc", [0, 1, 0, 1], [0.9, 0.1, 0.8, 0.2], 0),
    ],
)
def test_each_metric_equals_the_value_computed_by_hand(metric: str, y_true: Any, y_pred: Any, figure: float) -> None:
    assert measured(metric, y_true, y_pred) == figure


def test_every_metric_has_an_example_computed_by_hand() -> None:
    (parameters,) = test_each_metric_equals_the_value_computed_by_hand.pytestmark
    assert {case[0] for case in parameters.args[1]} == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_records_outside_the_mask_do_not_count(metric: str) -> None:
    inside = measured(metric, [0, 1], [0, 1])
    assert inside is not None
    assert measured(metric, [0, 1, -1, 1], [0, 1, 0, np.nan], [True, True, False, False]) == inside
    assert measured(metric, [0, 1], [0, 1], [False, False]) is None


def test_auc_is_none_for_a_single_class_and_for_nan() -> None:
    assert measured("gender_auc", [1, 1], [0.2, 0.9]) is None
    assert measured("gender_auc", [0, 1], [0.2, np.nan]) is None


@given(records=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_is_the_fraction_of_ordered_pairs(records: list[tuple[int, int]]) -> None:
    men, women = ([of for is_male, of in records if is_male == male] for male in (1, 0))
    pairs = [(man > woman) + (man == woman) / 2 for man in men for woman in women]
    truth, predicted = np.array(records, float).T
    area = metric_functions.roc_auc(truth, predicted, np.ones(len(records), bool))
    assert area == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_unknown_truths_and_heads_that_a_model_lacks_are_not_measured() -> None:
    truths: Any = {"age": np.array([30.0, np.nan]), "age_group": np.array([4, -1]), "gender": np.array([-1, -1])}
    predicted: Any = {"age": np.array([32.0, 99.0]), "gender": np.array([0.9, 0.1])}
    assert score("evaluation", truths, predicted) == {
        "age_mae": 2,
        "age_group_accuracy": None,
        "gender_accuracy": None,
        "gender_auc": None,
    }


def test_a_figure_is_written_in_its_unit() -> None:
    assert (YEARS.text(4.321), YEARS.cell(4.321), YEARS.text_of_change(0.5)) == ("4.32 years", "4.32", "0.50 years")
    assert (FRACTION.text(0.9314), FRACTION.cell(0.9314, 1), FRACTION.text_of_change(0.02)) == (
        "93.1 %",
        "93.14%",
        "2.0 points",
    )
    assert (NUMBER.text(0.95), NUMBER.cell(0.95), NUMBER.text_of_change(0.25)) == ("0.950", "0.950", "0.250")


def test_the_name_of_a_limit_shows_which_side_is_worse() -> None:
    age, gender = METRICS["age_mae"], METRICS["gender_accuracy"]
    assert (age.limit_name, age.change_limit_name) == ("age_mae_max", "age_mae_increase_max")
    assert (gender.limit_name, gender.change_limit_name) == ("gender_accuracy_min", "gender_accuracy_decrease_max")
    assert metric_of_limit("age_mae_increase_max") is metric_of_limit("age_mae_max") is age
    assert (age.worsening(5, 4), gender.worsening(0.75, 1)) == (1, 0.25)
    assert (age.best([4, 5]), gender.best([4, 5])) == (4, 5)


def test_the_settings_of_the_gate_are_read_without_numpy() -> None:
    program = "import sys, components.evaluator.settings; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)
