"""Labels beside outputs: what is known, what a model predicts, and the mean of several models."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given

from tests.visage.evaluation.some_tables import outputs_of, table_of, tables, truths_of
from visage.data.age_labels import AgeInterval
from visage.data.labels import AGE_GROUPS
from visage.data.records import FaceRecord
from visage.evaluation.predictions.table import CANDIDATE, ModelOutputs, PredictionTable, Truths, bag


def assert_same(one: ModelOutputs, other: ModelOutputs) -> None:
    for field in fields(ModelOutputs):
        left, right = getattr(one, field.name), getattr(other, field.name)
        assert (left is None) == (right is None)
        if left is not None:
            np.testing.assert_array_equal(left, right)


def test_the_labels_of_records_keep_their_order_and_unknown_stays_unknown() -> None:
    man = FaceRecord(b"", "b", AgeInterval.exact(30.0), "male", "bob", "wiki", "white", image_digest="ab")
    somebody = FaceRecord(b"", "a", None, "unknown", "unknown", "team", apparent_age_mean=20, apparent_age_std=2)
    truths = Truths.of_records([man, somebody])
    assert truths.key.tolist() == ["b", "a"]
    assert truths.identity.tolist() == ["bob", "unknown"]
    assert truths.image_digest.tolist() == ["ab", ""]
    targets = truths.by_target()
    np.testing.assert_array_equal(targets["age"], [30.0, np.nan])
    np.testing.assert_array_equal(targets["apparent_age"], np.array([[np.nan, np.nan], [20, 2]]))
    assert targets["age_group"].tolist() == [4, -1]
    assert targets["gender"].tolist() == [1, -1]


def test_a_model_predicts_what_its_outputs_allow() -> None:
    distribution = np.full((1, 101), 1 / 101, np.float32)
    groups = np.eye(8, dtype=np.float32)[[7]]
    assert set(ModelOutputs(gender_probability=np.ones(1)).by_target()) == {"gender", "gender_probability"}
    # A system that names a gender without a probability.
    assert set(ModelOutputs(gender=np.ones(1)).by_target()) == {"gender"}
    assert set(outputs_of([30]).by_target()) == {"age", "age_interval", "apparent_age", "age_group"}
    of_years = ModelOutputs(age=np.ones(1), age_probabilities=distribution).by_target()
    assert set(of_years) == {"age", "age_distribution", "age_interval", "apparent_age", "age_group"}
    assert "age_distribution" not in ModelOutputs(age=np.ones(1), age_probabilities=groups).by_target()


def test_the_age_group_is_the_models_own_or_the_most_probable_one_or_that_of_the_age() -> None:
    ages = np.array([40.0, np.nan], np.float32)
    groups = np.eye(8, dtype=np.float32)[[7, 7]]
    groups[1] = np.nan
    by_age = ModelOutputs(age=ages)
    by_group = ModelOutputs(age=ages, age_probabilities=groups)
    own = ModelOutputs(age=ages, age_probabilities=groups, age_group=np.array([0.0, 1.0]))
    found = [model.by_target()["age_group"] for model in (by_age, by_group, own)]
    np.testing.assert_array_equal(found, np.array([[AGE_GROUPS.index("38-43"), np.nan], [7, np.nan], [0, 1]]))


def test_rows_follow_their_keys() -> None:
    table = table_of([10, 20, 30], [11, 22, 33], [0, 1, 0])
    rows = np.array([2, 0, 1])
    mixed = PredictionTable(table.truths.take(rows), {CANDIDATE: table.outputs[CANDIDATE].take(rows)})
    assert mixed.truths.age.tolist() == [30, 10, 20]
    ordered = mixed.in_order_of_keys()
    assert ordered.truths.age.tolist() == [10, 20, 30]
    assert_same(ordered.outputs[CANDIDATE], table.outputs[CANDIDATE])


def test_measures_of_quality_are_taken_with_their_records() -> None:
    truths = truths_of([10, 20])
    sharp = Truths(**{**vars(truths), "quality": {"blur": np.array([1.0, 2.0])}})
    assert sharp.take(np.array([1])).quality["blur"].tolist() == [2]


def test_bagging_averages_ages_and_probabilities() -> None:
    together = bag([outputs_of([20, 41], [0, 1]), outputs_of([40, 43], [1, 1])])
    assert together.age is not None
    assert together.gender_probability is not None
    assert together.age.tolist() == [30, 42]
    assert together.gender_probability.tolist() == [0.5, 1]


@given(drawn=tables())
def test_the_mean_of_a_model_with_itself_is_the_model(drawn: list[PredictionTable]) -> None:
    model = drawn[0].outputs[CANDIDATE]
    assert_same(bag([model, model]), model)


@given(drawn=tables())
def test_the_mean_lies_between_the_models(drawn: list[PredictionTable]) -> None:
    models = [table.outputs[CANDIDATE] for table in drawn]
    age = bag(models).age
    assert age is not None
    ages = np.stack([model.age for model in models if model.age is not None])
    assert np.all(age >= ages.min(axis=0) - 1e-4)
    assert np.all(age <= ages.max(axis=0) + 1e-4)


def test_the_mean_of_models_has_the_group_of_its_mean_age() -> None:
    # One model's own output calls everybody a child; the mean of models has no such output.
    child = ModelOutputs(age=np.array([60.0], np.float32), age_group=np.array([0.0], np.float32))
    groups = bag([child, child]).age_groups()
    assert groups is not None
    assert groups.tolist() == pytest.approx([AGE_GROUPS.index("60-100")])
