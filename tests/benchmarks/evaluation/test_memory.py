"""The benchmark of an evaluation's memory."""

import numpy as np
import pytest

from benchmarks.evaluation.memory import draw_table, measure_memory


@pytest.mark.one_stack
def test_the_memory_of_an_evaluation_is_measured() -> None:
    table = draw_table(300)
    assert len(table) == 300
    distribution = table.outputs["candidate"].age_probabilities
    assert distribution is not None
    assert distribution.sum(axis=1) == pytest.approx(np.ones(300))
    found = measure_memory(table)
    assert 0 < found.table_mb <= found.peak_mb
    assert found.cost.wall > 0


def test_a_model_without_a_distribution_of_ages_is_drawn() -> None:
    table = draw_table(300, distribution=False)
    assert table.outputs["candidate"].age_probabilities is None
    assert table.outputs["candidate"].age is not None
