"""Steps are measured only with enough records."""

import pytest

from benchmarks.cost import Cost
from benchmarks.training_steps import StepCost, measure_steps
from visage.errors import VisageError
from visage.training.batches import Split
from visage.training.settings import TrainerSettings


@pytest.mark.parametrize(
    ("ratio", "missed"), [(Cost(1.05, 1.05), []), (Cost(1.07, 1.0), ["clock"]), (Cost(1.1, 1.1), ["clock", "CPU"])]
)
def test_both_wall_time_and_cpu_time_are_compared(ratio: Cost, missed: list[str]) -> None:
    second = Cost(1, 1)
    assert StepCost(second, second, second, ratio).missed(1.05) == missed


def test_too_few_records_are_errors_of_one_line() -> None:
    settings = TrainerSettings(network="compact", epochs=1, batch_size=64, learning_rate=0.1)
    with pytest.raises(VisageError, match="20 steps of compact take 1280 records, and the train split has 300"):
        measure_steps(Split("train", [], 300), settings, steps=20, rounds=1)
