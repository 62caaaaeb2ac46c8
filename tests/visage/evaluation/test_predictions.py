"""Bagging predicts the mean of the models' predictions."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given

from tests.pipeline.cross_validation.some_predictions import models, of
from visage.evaluation.predictions import Predictions, bag


def same(one: Predictions, other: Predictions) -> bool:
    for field in fields(Predictions):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if (left is None) != (right is None):
            return False
        if left is not None:
            np.testing.assert_array_equal(left, right)
    return True


def test_ages_and_probabilities_are_averaged() -> None:
    together = bag([of([30, 40], [20, 41], [0, 1]), of([30, 40], [40, 43], [1, 1])])
    assert together.age is not None
    assert together.gender_probability is not None
    assert together.age.tolist() == [30, 42]
    assert together.gender_probability.tolist() == [0.5, 1]


@given(predictions=models())
def test_the_mean_of_a_model_with_itself_is_the_model(predictions: list[Predictions]) -> None:
    assert same(bag([predictions[0], predictions[0]]), bag([predictions[0]]))
    assert same(bag([predictions[0]]), predictions[0])


@given(predictions=models())
def test_the_mean_lies_between_the_models(predictions: list[Predictions]) -> None:
    age = bag(predictions).age
    assert age is not None
    ages = np.stack([model.age for model in predictions if model.age is not None])
    assert np.all(age >= ages.min(axis=0) - 1e-4)
    assert np.all(age <= ages.max(axis=0) + 1e-4)


def test_other_records_are_refused() -> None:
    with pytest.raises(ValueError, match="different records"):
        bag([of([30], [20]), of([30, 40], [40, 43])])


@given(predictions=models())
def test_a_written_file_is_read_back(predictions: list[Predictions]) -> None:
    assert same(Predictions.from_bytes(predictions[0].to_bytes()), predictions[0])


def test_a_model_of_the_age_alone_stays_one() -> None:
    assert Predictions.from_bytes(of([30], [20]).to_bytes()).gender_probability is None
