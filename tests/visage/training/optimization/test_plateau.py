"""The validation losses so far decide whether training continues, and at what rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.training.optimization.plateau import has_stalled, reductions

LOSSES = st.lists(st.floats(0, 10), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("losses", "patience", "stalled"),
    [([], 1, False), ([3.0, 1.0, 2.0], 2, False), ([3.0, 1.0, 2.0, 1.0], 2, True), ([1.0] * 99, None, False)],
)
def test_training_stops_after_so_many_epochs_without_a_better_one(
    losses: list[float], patience: int | None, stalled: bool
) -> None:
    assert has_stalled(losses, patience) is stalled


@given(LOSSES, st.integers(1, 5))
def test_the_rate_has_fallen_where_training_would_have_stopped(losses: list[float], patience: int) -> None:
    if has_stalled(losses, patience):
        assert reductions(losses, patience) >= 1


@given(LOSSES, st.integers(1, 5))
def test_a_rate_never_rises_again(losses: list[float], patience: int) -> None:
    counts = [reductions(losses[:epoch], patience) for epoch in range(len(losses) + 1)]
    assert counts == sorted(counts)
    assert reductions(losses, None) == 0
