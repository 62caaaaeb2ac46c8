"""The epochs of a training, as its SavedModel keeps them."""

import json
from pathlib import Path

import pytest

from tests.helpers.trained_model import SETTINGS, TrainerRun
from visage.saved_model.training_history import HISTORY_FILE, PhaseHistory, read_history, write_history


def test_a_trained_model_keeps_the_epochs_of_its_training(trainer_run: TrainerRun) -> None:
    (phase,) = read_history(trainer_run.saved_model)
    assert (phase.name, len(phase.epochs)) == ("train", SETTINGS.epochs)
    assert all({"loss", "val_loss", "val_age_mae", "learning_rate"} <= set(epoch) for epoch in phase.epochs)
    losses = [epoch["val_loss"] for epoch in phase.epochs]
    assert phase.best_epoch == losses.index(min(losses)) + 1


def test_phases_are_read_as_they_were_written(tmp_path: Path) -> None:
    phases = [PhaseHistory("train", [{"loss": 2.0, "val_loss": 1.5}, {"loss": 1.0, "val_loss": 1.6}])]
    write_history(tmp_path, phases)
    assert read_history(tmp_path) == phases
    assert phases[0].best_epoch == 1
    assert PhaseHistory("train", []).best_epoch is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, []),
        ("{", []),
        ("3", []),
        ('[3, {}, {"epochs": 4}]', []),
        (json.dumps([{"name": "train", "epochs": [3, {"loss": "low", "val_loss": 2}]}]), [{"val_loss": 2.0}]),
    ],
)
def test_what_an_older_or_damaged_model_lacks_is_left_out(
    tmp_path: Path, text: str | None, expected: list[dict[str, float]]
) -> None:
    if text is not None:
        (tmp_path / HISTORY_FILE).parent.mkdir()
        (tmp_path / HISTORY_FILE).write_text(text)
    assert [epoch for phase in read_history(tmp_path) for epoch in phase.epochs] == expected
