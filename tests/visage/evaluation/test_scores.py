"""The scores of predictions, and their spread over folds."""

import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.visage.evaluation.some_tables import outputs_of, table_of, tables, truths_of
from visage.data.labels import AGE_GROUPS
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable, bag
from visage.evaluation.scores import mean, measure, spread


def test_each_score_equals_the_value_computed_by_hand() -> None:
    # 4 years and 6 years wrong, one right, one of unknown age; one of four genders wrong.
    scores = measure(table_of([30, 40, 80, None], [34, 46, 80, 20], [0, 1, 1, 1]))
    assert scores["age_mae"] == pytest.approx(10 / 3)
    assert scores["age_cs5"] == pytest.approx(2 / 3)
    # 40 is of the group 38-43, 46 of the next one.
    assert scores["age_group_accuracy"] == pytest.approx(2 / 3)
    assert scores["age_group_one_off_accuracy"] == 1
    assert scores["gender_accuracy"] == 3 / 4


def test_an_error_of_five_years_counts_as_near() -> None:
    assert measure(table_of([30, 30], [35, 35.1]))["age_cs5"] == 0.5


def test_the_group_is_the_most_probable_one_or_else_that_of_the_age() -> None:
    of_years = outputs_of([40])
    surely_old = np.eye(len(AGE_GROUPS), dtype=np.float32)[[AGE_GROUPS.index("60-100")]]
    of_groups = replace(of_years, age_probabilities=surely_old)
    accuracies = [
        measure(PredictionTable(truths_of([40]), {CANDIDATE: outputs}))["age_group_accuracy"]
        for outputs in (of_years, of_groups)
    ]
    assert accuracies == [1, 0]


def test_missing_predictions_and_unknown_labels_are_not_scored() -> None:
    assert measure(table_of([30], [34]))["gender_accuracy"] is None
    found = measure(table_of([None], [34], [0]))
    assert {name for name, value in found.items() if value is not None} == {"gender_accuracy"}


@given(drawn=tables())
def test_bagging_never_raises_the_mean_absolute_error(drawn: list[PredictionTable]) -> None:
    together = PredictionTable(drawn[0].truths, {CANDIDATE: bag([model.outputs[CANDIDATE] for model in drawn])})
    single, bagged = mean([measure(model) for model in drawn])["age_mae"], measure(together)["age_mae"]
    assert (single is None) == (bagged is None)
    if single is not None and bagged is not None:
        assert bagged <= single + 1e-3


@given(drawn=tables())
def test_one_off_is_never_below_right(drawn: list[PredictionTable]) -> None:
    scores = measure(drawn[0])
    assert (scores["age_group_one_off_accuracy"] or 0) >= (scores["age_group_accuracy"] or 0)


@given(errors=st.lists(st.floats(0, 50), min_size=2, max_size=10))
def test_mean_and_deviation_are_those_of_a_sample(errors: list[float]) -> None:
    found = spread([{"age_mae": error, "gender_accuracy": None} for error in errors])
    assert found.mean["age_mae"] == pytest.approx(statistics.fmean(errors))
    assert found.deviation["age_mae"] == pytest.approx(statistics.stdev(errors))
    assert found.mean["gender_accuracy"] is found.deviation["gender_accuracy"] is None


def test_folds_without_known_labels_do_not_count() -> None:
    found = spread([{"age_mae": 4.0}, {"gender_accuracy": 1.0}, {"age_mae": 6.0}])
    assert found.mean == {"age_mae": 5.0, "gender_accuracy": 1.0}
    assert found.deviation["gender_accuracy"] is None
