"""A trial is trained once, also where it fails."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from visage.training.batches import open_split
from visage.training.loop import DivergenceError
from visage.training.search.progress import SearchProgress
from visage.training.search.trainings import Trainings
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="cnn_utkface", epochs=2, batch_size=8, optimizer="sgd", learning_rate=1e-3)


def test_a_diverged_trial_is_recorded_and_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*args: Any, **kwargs: Any) -> None:
        raise DivergenceError("the loss is nan")

    write_split(tmp_path / "examples", "train", people(8, seed=1))
    split = open_split("train", [str(tmp_path / "examples" / "Split-train" / "*")])
    trainings = Trainings(
        split,
        split,
        RECIPE,
        "code",
        tmp_path / "checkpoints",
        None,
        tf.distribute.get_strategy(),
        SearchProgress(1, {"train": 1}),
    )
    monkeypatch.setattr("visage.training.search.trainings.train", diverge)
    assert trainings.loss_of({"trainer.learning_rate": 10}) is None
    monkeypatch.undo()
    assert trainings.loss_of({"trainer.learning_rate": 10}) is None
    assert trainings.loss_of({"trainer.gradient_accumulation_steps": 3}) is None, "which does not divide the batch"
