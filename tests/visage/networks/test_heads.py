"""Heads convert raw outputs to distributions over ages and groups."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from visage.data.labels import AGE_GROUPS, age_group
from visage.networks.heads import (
    OrdinalThresholds,
    age_probabilities,
    expected_age,
    male_logit,
    mass_in,
    predicted_group,
)

logits = arrays.arrays(np.float32, (4, 101), elements=st.floats(-1e4, 1e4, width=32))
years = arrays.arrays(np.float32, (4, 1), elements=st.floats(-1e6, 1e6, width=32))


@given(logits)
@settings(max_examples=30, deadline=None)
def test_the_rows_of_a_distribution_head_sum_to_one(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "label_distribution"))
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


@given(years)
@settings(max_examples=50, deadline=None)
def test_the_mass_of_a_regression_is_a_distribution_whose_expectation_is_its_value(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "regression"))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    assert ((probabilities > 0).sum(axis=1) <= 2).all()
    np.testing.assert_allclose(np.asarray(expected_age(probabilities)), raw[:, 0].clip(0, 100), atol=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "ages"), [(25, 32, range(25, 33)), (0, 2, range(3)), (70, 120, range(70, 101)), (116, 116, [100])]
)
def test_the_mass_inside_an_interval_is_that_of_its_years(low: float, high: float, ages: Sequence[int]) -> None:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(101), 1).astype(np.float32)
    bounds = (np.array([bound], np.float32) for bound in (low, high))
    mass = np.asarray(mass_in(probabilities, *bounds))
    np.testing.assert_allclose(mass, [probabilities[0, list(ages)].sum()], rtol=1e-5)


@given(arrays.arrays(np.float32, (4, 100), elements=st.floats(-50, 50, width=32)))
@settings(max_examples=30, deadline=None)
def test_the_expectation_of_an_ordinal_head_is_the_sum_of_its_probabilities(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "coral"))
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    expected = (1 / (1 + np.exp(-raw.astype(float)))).sum(axis=1)
    np.testing.assert_allclose(np.asarray(expected_age(probabilities)), expected, atol=1e-2)


def test_ordinal_thresholds_start_in_order_and_share_one_score() -> None:
    logits = np.asarray(OrdinalThresholds()(np.array([[0.0], [3.0]], np.float32)))
    assert logits.shape == (2, 100)
    assert (np.diff(logits, axis=1) < 0).all()
    np.testing.assert_allclose(logits[1] - logits[0], 3, atol=1e-5)


def test_the_age_of_a_groups_head_is_the_expectation_over_the_groups_middles() -> None:
    logits = np.log(np.array([[1e-9, 0.25, 1e-9, 1e-9, 0.75, 1e-9, 1e-9, 1e-9]], np.float32))
    probabilities = np.asarray(age_probabilities(logits, "age_groups"))
    np.testing.assert_allclose(np.asarray(expected_age(probabilities)), 0.25 * 5 + 0.75 * 28.5, atol=1e-3)


@given(years)
@settings(max_examples=50, deadline=None)
def test_the_group_is_that_of_the_age(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "regression"))
    ages = np.asarray(expected_age(probabilities))
    assert np.asarray(predicted_group(probabilities)).tolist() == [age_group(age) for age in ages]


def test_the_group_is_that_of_the_age_even_if_another_group_is_more_probable() -> None:
    # Half of the mass is at 80 years, the other half between 0 and 20: 45 years in the mean.
    probabilities = np.zeros((1, 101), np.float32)
    probabilities[0, [2, 10, 18, 80]] = 0.17, 0.16, 0.17, 0.5
    np.testing.assert_allclose(np.asarray(expected_age(probabilities)), 45, atol=1e-3)
    assert np.asarray(predicted_group(probabilities)).tolist() == [AGE_GROUPS.index("38-43")]


def test_a_groups_head_predicts_the_most_probable_group() -> None:
    probabilities = np.array([[0.1, 0, 0, 0, 0.4, 0, 0, 0.5]], np.float32)
    assert np.asarray(predicted_group(probabilities)).tolist() == [AGE_GROUPS.index("60-100")]


def test_two_classes_of_gender_give_the_probability_of_their_softmax() -> None:
    logits = np.array([[0.5, 2.0]], np.float32)
    male = 1 / (1 + np.exp(-np.asarray(male_logit(logits, "softmax"))))
    np.testing.assert_allclose(male, np.exp(2.0) / (np.exp(0.5) + np.exp(2.0)), rtol=1e-5)
