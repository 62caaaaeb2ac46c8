"""A split without a label that the network learns is an error of one line before training starts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import SETTINGS, run_trainer
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.errors import VisageError
from visage.training.batches import Split, open_split
from visage.training.known_labels import check_labels, known_labels
from visage.training.settings import TrainerSettings

ONE = people(1, seed=1)
AGE_ALONE = SETTINGS.model_copy(update={"gender_head": "none"})
REGRESSION = SETTINGS.model_copy(update={"age_head": "regression"})
TWENTIES = [replace(ONE[0], age_label=AgeInterval(20.0, 29.0))]


def without(*features: str) -> list[FaceRecord]:
    """Returns one record without these labels."""
    unknown: dict[str, Any] = {"age_label": None, "gender": "unknown"}
    return [replace(ONE[0], **{feature: unknown[feature] for feature in features})]


def split(folder: Path, name: str, records: list[FaceRecord]) -> Split:
    return open_split(name, [str(write_split(folder, name, records))])


def test_one_record_with_a_heads_label_is_enough(tmp_path: Path) -> None:
    grouped = split(tmp_path / "grouped", "train", [*without("age_label"), *TWENTIES])
    assert known_labels(grouped, SETTINGS) == known_labels(grouped, REGRESSION) == {"age": True, "gender": True}
    nothing = split(tmp_path / "nothing", "train", without("age_label", "gender"))
    assert known_labels(nothing, SETTINGS) == {"age": False, "gender": False}
    assert known_labels(nothing, AGE_ALONE) == {"age": False}


@pytest.mark.parametrize(
    ("learned", "judged", "settings", "line"),
    [
        (ONE, ONE, SETTINGS, None),
        (without("gender"), ONE, SETTINGS, r"^trainer\.gender_head: no record of the train split has a known gender; "),
        (without("age_label"), ONE, SETTINGS, r"^trainer\.age_head: no record of the train split has a known a"),
        (TWENTIES, ONE, SETTINGS, None),
        (TWENTIES, ONE, REGRESSION, None),
        (without("gender"), ONE, AGE_ALONE, None),
        (ONE, without("gender"), SETTINGS, None),
        (
            ONE,
            without("gender", "age_label"),
            SETTINGS,
            r"^the val split: no record has a known age or gender, ",
        ),
        (ONE, without("age_label"), AGE_ALONE, r"^the val split: no record has a known age, so no epoch can "),
    ],
)
def test_a_split_without_labels_to_train_or_choose_by_is_refused(
    tmp_path: Path, learned: list[FaceRecord], judged: list[FaceRecord], settings: TrainerSettings, line: str | None
) -> None:
    train_split, val_split = split(tmp_path, "train", learned), split(tmp_path, "val", judged)
    if line is None:
        check_labels(train_split, val_split, settings)
    else:
        with pytest.raises(VisageError, match=line):
            check_labels(train_split, val_split, settings)


def test_one_training_and_one_validation_face_train_a_model(tmp_path: Path) -> None:
    write_split(tmp_path / "examples", "train", ONE)
    write_split(tmp_path / "examples", "val", without("gender"))
    run_trainer(tmp_path, SETTINGS)
    assert (tmp_path / "model" / "Format-Serving" / "saved_model.pb").is_file()


def test_the_trainer_reports_it_before_training(tmp_path: Path) -> None:
    write_split(tmp_path / "examples", "train", ONE)
    write_split(tmp_path / "examples", "val", without("gender", "age_label"))
    with pytest.raises(VisageError, match=r"^the val split: no record has a known age or gender"):
        run_trainer(tmp_path, SETTINGS)
    assert not (tmp_path / "model").exists()
