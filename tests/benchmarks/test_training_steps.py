"""Steps are measured on records enough for them."""

import pytest

from benchmarks.training_steps import measure_steps
from components.errors import VisageError
from components.trainer.input import Split
from components.trainer.settings import TrainerSettings


def test_too_few_records_are_one_line() -> None:
    settings = TrainerSettings(network="compact", epochs=1, batch_size=64, learning_rate=0.1)
    with pytest.raises(VisageError, match="20 steps of compact take 1280 records, and the train split has 300"):
        measure_steps(Split("train", [], 300), settings, steps=20, rounds=1)
