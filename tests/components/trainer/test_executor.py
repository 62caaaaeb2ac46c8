"""TFX's own executor trains, selects the best epoch, and writes a SavedModel and logs; bad input is an error."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import TrainerRun, run_trainer
from visage import progress
from visage.errors import VisageError
from visage.training.batches import open_split
from visage.training.settings import TrainerSettings
from visage.training.train import train

OTHER_GENDER = {"female": "male", "male": "female", "unknown": "unknown"}
SMALL = TrainerSettings(network="cnn_utkface", epochs=2, batch_size=8, learning_rate=1e-3)


def test_the_trainer_writes_a_model_and_tensorboard_logs_and_no_partial_files(trainer_run: TrainerRun) -> None:
    assert [path.name for path in trainer_run.model_uri.iterdir()] == ["Format-Serving"]
    assert (trainer_run.saved_model / "saved_model.pb").is_file()
    assert list(trainer_run.model_run.glob("train/events*"))
    assert list(trainer_run.model_run.glob("validation/events*"))
    assert not list((trainer_run.model_uri.parent / "checkpoints").glob("*"))


def test_every_batch_is_reported_and_every_epoch_with_its_validation(trainer_run: TrainerRun) -> None:
    assert trainer_run.reports[0][:3] == ("train", 1, 9)
    step, done, total, note = trainer_run.reports[-1]
    assert (step, done, total) == ("train", 9, 9)
    assert re.match(r"epoch 3 of 3, loss \d+\.\d+, validation: age MAE \d+\.\d\d years, gender \d+\.\d %", note)


def test_optimizer_state_is_not_exported(trainer_run: TrainerRun) -> None:
    variables = trainer_run.saved_model / "variables" / "variables.data-00000-of-00001"
    assert variables.stat().st_size < 1.1 * 4 * 231_270


@pytest.mark.one_stack
def test_the_same_seed_trains_the_same_network_and_another_seed_another(tmp_path: Path) -> None:
    records = open_split("train", [str(write_split(tmp_path, "train", people(24, seed=1)))])
    first, again = (train(records, records, SMALL, str(tmp_path / "log")) for _ in range(2))
    other = train(records, records, SMALL.model_copy(update={"seed": 2}), str(tmp_path / "log"))
    weights = [np.concatenate([w.ravel() for w in network.get_weights()]) for network in (first, again, other)]
    np.testing.assert_allclose(weights[0], weights[1], atol=1e-3)
    assert np.abs(weights[0] - weights[2]).max() > 0.1


@pytest.mark.one_stack
def test_training_stops_when_validation_worsens_and_keeps_the_best_weights(tmp_path: Path) -> None:
    learned = people(16, seed=1)
    opposite = [replace(one, age_label=None, gender=OTHER_GENDER[one.gender]) for one in learned]
    train_split = open_split("train", [str(write_split(tmp_path, "train", learned))])
    val_split = open_split("val", [str(write_split(tmp_path, "val", opposite))])
    settings = SMALL.model_copy(update={"epochs": 9, "schedule": "constant", "early_stopping_patience": 2})
    epochs: list[str] = []
    with progress.listening(lambda step, done, total, note: epochs.append(note)):
        stopped = train(train_split, val_split, settings, str(tmp_path / "log"))
    best = int(epochs[-1].split()[1]) - 2
    assert best < 7
    to_the_best = train(train_split, val_split, settings.model_copy(update={"epochs": best}), str(tmp_path / "log"))
    for kept, expected in zip(stopped.get_weights(), to_the_best.get_weights(), strict=True):
        np.testing.assert_allclose(kept, expected, atol=1e-5)


def test_a_run_that_diverges_ends_with_the_fix(tmp_path: Path) -> None:
    split = open_split("train", [str(write_split(tmp_path, "train", people(32, seed=1)))])
    wild = SMALL.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(VisageError, match=r"diverged in epoch 1, .*lower trainer.learning_rate \(now 1e\+30\)"):
        train(split, split, wild, str(tmp_path / "log"))


def test_an_empty_validation_split_is_refused_before_training(tmp_path: Path) -> None:
    write_split(tmp_path / "examples", "train", people(8, seed=1))
    write_split(tmp_path / "examples", "val", [])
    with pytest.raises(VisageError, match="the val split holds no records"):
        run_trainer(tmp_path, SMALL)
