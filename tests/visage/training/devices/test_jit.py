"""Steps compiled by XLA train as uncompiled ones do; only their dropout draws differ."""

from pathlib import Path

import pytest

from tests.helpers.drawn_crops import people, write_split
from visage.training.batches import open_split
from visage.training.checkpoint import TrainingState
from visage.training.settings import TrainerSettings
from visage.training.train import train


def test_compiled_steps_lower_the_loss_as_others_do(tmp_path: Path) -> None:
    split = open_split("train", [str(write_split(tmp_path, "train", people(16, seed=1)))])
    ends: list[TrainingState] = []
    for jit_compile in (False, True):
        settings = TrainerSettings(
            network="cnn_utkface", epochs=3, batch_size=8, learning_rate=1e-3, jit_compile=jit_compile
        )
        train(split, split, settings, None, on_end=ends.append)
    usual, compiled = (end.val_losses for end in ends)
    assert compiled[0] == pytest.approx(usual[0], rel=0.05)
    assert compiled[-1] < 0.9 * compiled[0]
