"""Splits on which the figures of a model are no evidence."""

from pathlib import Path

import pytest

from visage.saved_model.known_records import why_no_evidence
from visage.saved_model.metadata import Calibration, HeadCalibration, ModelMetadata, write_metadata
from visage.saved_model.training_history import PhaseHistory, write_history


def model(folder: Path, *epochs: dict[str, float], calibration: Calibration | None = None) -> Path:
    write_metadata(folder, ModelMetadata(calibration=calibration))
    write_history(folder, [PhaseHistory("train", epochs)])
    return folder


def test_the_training_split_is_no_evidence_and_the_test_split_is(tmp_path: Path) -> None:
    assert "records of the split train" in str(why_no_evidence(tmp_path, "train"))
    assert why_no_evidence(tmp_path, "test") is None


@pytest.mark.parametrize(
    ("epochs", "temperature", "selection"),
    [
        ([{"loss": 2.0, "val_loss": 3.0}], None, "the model was selected"),
        ([{"loss": 2.0}], None, None),
        ([{"loss": 2.0}], HeadCalibration(1.2, 100), "the model was selected"),
        ([{"loss": 2.0}], HeadCalibration(not_fitted="no record"), None),
        # An older model does not record its epochs.
        ([], None, "the model may have been selected"),
    ],
)
def test_the_validation_split_is_no_evidence_where_it_chose_the_model(
    tmp_path: Path, epochs: list[dict[str, float]], temperature: HeadCalibration | None, selection: str | None
) -> None:
    found = why_no_evidence(model(tmp_path, *epochs, calibration=Calibration(gender=temperature)), "val")
    assert found is None if selection is None else str(found).startswith(f"{selection} on the records of the split val")
