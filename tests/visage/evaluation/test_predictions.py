"""Several models together say the mean of what they say."""

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


@given(said=models())
def test_a_model_with_itself_says_what_it_says_alone(said: list[Predictions]) -> None:
    assert same(bag([said[0], said[0]]), bag([said[0]]))
    assert same(bag([said[0]]), said[0])


@given(said=models())
def test_the_mean_lies_between_the_models(said: list[Predictions]) -> None:
    age = bag(said).age
    assert age is not None
    ages = np.stack([model.age for model in said if model.age is not None])
    assert np.all(age >= ages.min(axis=0) - 1e-4)
    assert np.all(age <= ages.max(axis=0) + 1e-4)


def test_other_records_are_refused() -> None:
    with pytest.raises(ValueError, match="different records"):
        bag([of([30], [20]), of([30, 40], [40, 43])])


@given(said=models())
def test_what_was_written_is_read_back(said: list[Predictions]) -> None:
    assert same(Predictions.from_bytes(said[0].to_bytes()), said[0])


def test_a_model_of_the_age_alone_stays_one() -> None:
    assert Predictions.from_bytes(of([30], [20]).to_bytes()).gender_probability is None
