"""From raw outputs to distributions over ages and groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from components.faces.records import AGE_GROUPS, age_group
from components.trainer.heads import age_probabilities, expected_age, group_probabilities

logits = arrays.arrays(np.float32, (4, 101), elements=st.floats(-1e4, 1e4, width=32))
years = arrays.arrays(np.float32, (4, 1), elements=st.floats(-1e6, 1e6, width=32))


@given(logits)
@settings(max_examples=30, deadline=None)
def test_the_rows_of_a_distribution_head_sum_to_one(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "distribution"))
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


@given(years)
@settings(max_examples=50, deadline=None)
def test_the_mass_of_a_regression_is_a_distribution_whose_expectation_is_its_value(raw: np.ndarray) -> None:
    probabilities = np.asarray(age_probabilities(raw, "regression"))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    assert ((probabilities > 0).sum(axis=1) <= 2).all()
    np.testing.assert_allclose(np.asarray(expected_age(probabilities)), raw[:, 0].clip(0, 100), atol=1e-3)


@pytest.mark.parametrize("age", [0, 2, 3, 22, 23, 56, 57, 100])
def test_all_the_mass_of_a_certain_age_falls_into_its_group(age: int) -> None:
    groups = np.asarray(group_probabilities(np.eye(101, dtype=np.float32)[[age]]))
    assert groups.shape == (1, len(AGE_GROUPS))
    assert groups.argmax() == age_group(age)
    assert groups.max() == 1
