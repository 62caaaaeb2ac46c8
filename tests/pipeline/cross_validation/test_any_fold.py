"""Scores of any fold are numbers or None, for any labels and predictions."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.cross_validation.some_predictions import of
from visage.evaluation.metrics import FRACTION, metrics_of
from visage.evaluation.predictions import Predictions, bag
from visage.evaluation.scores import mean, measure, spread

_BROKEN = [math.nan, math.inf]
_answers = st.sampled_from([0.0, 30.0, 100.0, *_BROKEN])
_fractions = st.sampled_from([0.0, 0.25, 1.0, *_BROKEN])


@st.composite
def folds(draw: st.DrawFn) -> Predictions:
    """One to five records; ages and genders may all be unknown or alike, and predictions may be no numbers."""
    count = draw(st.integers(1, 5))

    def some(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=count, max_size=count))

    fold = of(some(st.sampled_from([None, 30.0])), [30.0] * count, some(_fractions))
    groups = np.array([some(_fractions) for _ in range(8)], np.float32).T
    return replace(
        fold,
        true_gender=np.array(some(st.sampled_from([-1, 0, 1])), np.int64),
        age=np.array(some(_answers), np.float32) if draw(st.booleans()) else None,
        age_group_probabilities=groups if draw(st.booleans()) else None,
    )


@given(st.lists(folds(), min_size=1, max_size=4))
def test_every_score_is_a_fraction_or_years_or_none(given_folds: list[Predictions]) -> None:
    scores = [measure(fold) for fold in given_folds] + [measure(bag([fold, fold])) for fold in given_folds]
    over_all = spread(scores)
    for found in [*scores, mean(scores), over_all.mean, over_all.deviation]:
        assert all(value is None or math.isfinite(value) for value in found.values())
    for found in scores:
        fractions = (found[spec.name] for spec in metrics_of("cross_validation") if spec.unit is FRACTION)
        assert all(value is None or 0 <= value <= 1 for value in fractions)


@pytest.mark.parametrize("broken", _BROKEN)
def test_a_nan_prediction_is_wrong_and_has_no_mean_error(broken: float) -> None:
    # Both are women; a NaN probability does not count as female.
    fold = replace(of([30, 30], [30, broken or 0], [0.1, broken]), true_gender=np.array([0, 0]))
    assert measure(fold) == {
        "age_mae": None,
        "age_cs5": 0.5,
        "age_group_accuracy": 0.5,
        "age_group_one_off_accuracy": 0.5,
        "gender_accuracy": 0.5,
    }


def test_age_groups_with_nan_probabilities_are_wrong() -> None:
    fold = of([1.0, 1.0], [1.0, 1.0])
    predicted = np.eye(8, dtype=np.float32)[[0, 0]]
    predicted[1] = math.nan
    scores = measure(replace(fold, age_group_probabilities=predicted))
    assert (scores["age_group_accuracy"], scores["age_group_one_off_accuracy"]) == (0.5, 0.5)
