"""The span of ages that holds 80 % of a prediction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.prediction.age_span import age_span, age_spans

WEIGHTS = st.lists(st.floats(0, 1), min_size=101, max_size=101).filter(lambda weights: sum(weights) > 0.01)


@given(WEIGHTS)
def test_it_holds_at_least_four_fifths_and_leaves_at_most_a_tenth_on_each_side(weights: list[float]) -> None:
    probabilities = np.asarray(weights) / sum(weights)
    low, high = age_span(probabilities.tolist())
    assert probabilities[low : high + 1].sum() >= 0.8 - 1e-5
    assert probabilities[:low].sum() <= 0.1 + 1e-5
    assert probabilities[high + 1 :].sum() <= 0.1 + 1e-5


@pytest.mark.parametrize("age", [0, 34, 100])
def test_a_certain_age_is_its_own_span(age: int) -> None:
    assert age_span([float(year == age) for year in range(101)]) == (age, age)


def test_the_sums_of_float32_do_not_lengthen_it() -> None:
    tenths = np.zeros(101, np.float32)
    tenths[20:30] = 0.1
    assert age_span(tenths.tolist()) == (21, 28)


def test_of_groups_it_reaches_from_the_first_to_the_last_year() -> None:
    assert age_span([0.05, 0.9, 0.05, 0, 0, 0, 0, 0]) == (4, 6)
    assert age_span([0, 0, 0, 0, 0, 0, 0.5, 0.5]) == (48, 100)


@pytest.mark.parametrize("length", [8, 101])
def test_the_spans_of_many_are_those_of_each(length: int) -> None:
    probabilities = np.random.default_rng(3).dirichlet(np.full(length, 0.2), 50).astype(np.float32)
    assert age_spans(probabilities).tolist() == [list(age_span(row.tolist())) for row in probabilities]


def test_no_distributions_have_no_spans() -> None:
    assert age_spans(np.empty((0, 101), np.float32)).shape == (0, 2)
