"""Scores of any fold are numbers or None, for any labels and predictions."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.data.labels import GENDERS, UNKNOWN
from visage.evaluation.metrics import metrics_of
from visage.evaluation.metrics.spec import FRACTION
from visage.evaluation.predictions.table import CANDIDATE, ModelOutputs, PredictionTable, bag
from visage.evaluation.scores import mean, measure, spread

_BROKEN = [math.nan, math.inf]
_answers = st.sampled_from([0.0, 30.0, 100.0, *_BROKEN])
_fractions = st.sampled_from([0.0, 0.25, 1.0, *_BROKEN])


@st.composite
def folds(draw: st.DrawFn) -> PredictionTable:
    """One to five records; ages and genders may all be unknown or alike, and predictions may be no numbers."""
    count = draw(st.integers(1, 5))

    def some(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=count, max_size=count))

    groups = np.array([some(_fractions) for _ in range(8)], np.float32).T
    outputs = replace(
        outputs_of(some(_answers), some(_fractions)), age_probabilities=groups if draw(st.booleans()) else None
    )
    truths = truths_of(some(st.sampled_from([None, 30.0])), some(st.sampled_from([*GENDERS, UNKNOWN])))
    return PredictionTable(truths, {CANDIDATE: outputs if draw(st.booleans()) else replace(outputs, age=None)})


@given(st.lists(folds(), min_size=1, max_size=4))
def test_every_score_is_a_fraction_or_years_or_none(given_folds: list[PredictionTable]) -> None:
    bagged = [PredictionTable(fold.truths, {CANDIDATE: bag([fold.outputs[CANDIDATE]] * 2)}) for fold in given_folds]
    scores = [measure(fold) for fold in (*given_folds, *bagged)]
    over_all = spread(scores)
    for found in [*scores, mean(scores), over_all.mean, over_all.deviation]:
        assert all(value is None or math.isfinite(value) for value in found.values())
    for found in scores:
        fractions = (found[spec.name] for spec in metrics_of("cross_validation") if spec.unit is FRACTION)
        assert all(value is None or 0 <= value <= 1 for value in fractions)


@pytest.mark.parametrize("broken", _BROKEN)
def test_a_nan_prediction_is_wrong_and_has_no_mean_error(broken: float) -> None:
    # Both are women; a NaN probability does not count as female.
    truths = truths_of([30, 30], ["female", "female"])
    fold = PredictionTable(truths, {CANDIDATE: outputs_of([30, broken], [0.1, broken])})
    assert measure(fold) == {
        "age_mae": None,
        "age_cs5": 0.5,
        "age_group_accuracy": 0.5,
        "age_group_one_off_accuracy": 0.5,
        "gender_accuracy": 0.5,
    }


def test_age_groups_with_nan_probabilities_are_wrong() -> None:
    predicted = np.eye(8, dtype=np.float32)[[0, 0]]
    predicted[1] = math.nan
    outputs = ModelOutputs(age=np.array([1.0, 1.0], np.float32), age_probabilities=predicted)
    scores = measure(PredictionTable(truths_of([1.0, 1.0]), {CANDIDATE: outputs}))
    assert (scores["age_group_accuracy"], scores["age_group_one_off_accuracy"]) == (0.5, 0.5)
