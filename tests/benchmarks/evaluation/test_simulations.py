"""What simulations show of the intervals."""

import pytest

from benchmarks.evaluation.simulations import high_end_of_rare


@pytest.mark.parametrize("correlation", [0.2, 0.5])
@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05])
def test_the_high_end_of_a_small_fraction_is_seldom_below_the_truth(rate: float, correlation: float) -> None:
    found = high_end_of_rare(300, rate, correlation)
    assert found.of == 300
    assert found.met
