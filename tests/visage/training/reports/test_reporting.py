"""Each step reports the epoch, the loss, the last validation and a warning."""

import pytest

from visage import progress
from visage.training.checkpoint import TrainingState
from visage.training.reports.reporting import TRAIN, report_step


@pytest.mark.parametrize(
    ("measured", "reported"),
    [
        (
            {"val_age_mae": 4.32, "val_age_group_accuracy": 0.7, "val_gender_accuracy": 0.95},
            "age MAE 4.32 years, gender 95.0 %",
        ),
        ({"val_age_group_accuracy": 0.7, "val_gender_accuracy": 0.95}, "group 70.0 %, gender 95.0 %"),
        ({"val_age_group_accuracy": 0.7}, "group 70.0 %"),
        ({}, None),
    ],
)
def test_validation_reports_the_known_labels(measured: dict[str, float], reported: str | None) -> None:
    notes: list[str] = []
    training_state = TrainingState(epoch=1, step=2, history=[{"loss": 2.0, "val_loss": 1.5, **measured}])
    with progress.listening(lambda step, done, total, note: notes.append(note)):
        report_step(TRAIN, training_state, steps=10, epochs=3, loss=1.5)
    assert notes == ["epoch 2 of 3, loss 1.50" + (f", validation: {reported}" if reported else "")]


def test_a_warning_follows_every_step() -> None:
    notes: list[str] = []
    with progress.listening(lambda step, done, total, note: notes.append(note)):
        report_step(TRAIN, TrainingState(), steps=10, epochs=3, loss=1.5, warning="no checkpoint")
    assert notes == ["epoch 1 of 3, loss 1.50, no checkpoint"]
