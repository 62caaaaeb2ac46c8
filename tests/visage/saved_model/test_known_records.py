"""Splits on which the figures of a model are no evidence."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.tiny_model import people, write_examples
from visage.data.records import FaceRecord
from visage.saved_model.known_records import why_no_evidence
from visage.saved_model.metadata import Calibration, HeadCalibration, ModelMetadata, write_metadata
from visage.saved_model.training_history import PhaseHistory, write_history


def model(folder: Path, *epochs: dict[str, float], calibration: Calibration | None = None) -> Path:
    write_metadata(folder, ModelMetadata(calibration=calibration))
    write_history(folder, [PhaseHistory("train", epochs)])
    return folder


def test_the_training_split_is_no_evidence_and_the_test_split_is(tmp_path: Path) -> None:
    assert "records of the split train" in str(why_no_evidence(tmp_path, "train", tmp_path, tmp_path))
    assert why_no_evidence(tmp_path, "test", tmp_path, tmp_path) is None


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
    saved_model = model(tmp_path, *epochs, calibration=Calibration(gender=temperature))
    found = why_no_evidence(saved_model, "val", tmp_path, tmp_path)
    assert found is None if selection is None else str(found).startswith(f"{selection} on the records of the split val")


def examples(folder: Path, **splits: list[FaceRecord]) -> Path:
    for split, records in splits.items():
        write_examples(folder, records, (split,))
    return folder


def records(first: int, count: int, digest: str) -> list[FaceRecord]:
    """Draws people of their own, whose images have digests of their own."""
    return [
        replace(one, identity=f"utkface/{first + number}", image_digest=f"{digest}{number}")
        for number, one in enumerate(people(count))
    ]


def test_other_examples_are_no_evidence_where_they_show_what_the_model_learned_from(tmp_path: Path) -> None:
    learned = examples(tmp_path / "1", train=records(0, 4, "a"), val=records(10, 2, "b"))
    found = {
        name: why_no_evidence(tmp_path, "test", examples(tmp_path / name, test=measured), learned)
        for name, measured in {
            "others": records(20, 5, "c"),
            "people": records(2, 5, "d"),
            "images": records(30, 5, "a"),
            "of val": records(10, 5, "e"),
        }.items()
    }
    assert found.pop("others") is None
    shared = {name: str(why).partition(" records")[0] for name, why in found.items()}
    assert shared == {"people": "2 of the 5", "images": "4 of the 5", "of val": "2 of the 5"}


def test_a_model_from_elsewhere_may_know_any_records(tmp_path: Path) -> None:
    why = why_no_evidence(tmp_path, "test", tmp_path, None)
    assert str(why).startswith("it is not known which examples the model learned from; if from these, its figures")
