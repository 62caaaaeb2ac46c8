"""Models that may be compared on a split of one of them."""

from pathlib import Path

import pytest

from visage.data.settings import SplitSettings
from visage.saved_model.comparable import why_not_comparable
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata
from visage.saved_model.provenance import provenance_of_data

FOLD_0, FOLD_1 = (SplitSettings(method="folds", fold=fold) for fold in (0, 1))
OWN = provenance_of_data(["utkface"], FOLD_0)


def model(folder: Path, *trainings: TrainingProvenance, size: int = 80) -> Path:
    folder.mkdir()
    write_metadata(folder, ModelMetadata(learned_from=list(trainings), alignment={"size": size}))
    return folder


@pytest.mark.parametrize(
    ("other", "split", "comparable"),
    [
        (OWN, "test", True),
        (OWN, "val", True),
        (OWN, "train", False),
        (provenance_of_data(["utkface"], FOLD_1), "test", False),
        (provenance_of_data(["utkface"], FOLD_1), "val", False),
        (provenance_of_data(["adience/faces"], FOLD_1), "train", True),
        # What it does not record is taken as the candidate's.
        (TrainingProvenance(), "test", True),
        (TrainingProvenance(), "train", False),
    ],
)
def test_a_model_that_may_know_the_faces_is_not_comparable(
    tmp_path: Path, other: TrainingProvenance, split: str, comparable: bool
) -> None:
    why = why_not_comparable(model(tmp_path / "own", OWN), model(tmp_path / "other", other), split)
    assert (why is None) == comparable, why
    assert why is None or f"faces of this {split} split" in why


def test_crops_of_another_geometry_are_not_comparable(tmp_path: Path) -> None:
    why = why_not_comparable(model(tmp_path / "own", OWN), model(tmp_path / "other", OWN, size=112))
    assert why == "reads crops of another geometry (alignment)"
