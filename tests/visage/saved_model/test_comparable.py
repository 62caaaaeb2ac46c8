"""Which models may be compared on a split, and of which it is not known whether they were trained on it."""

from dataclasses import replace
from pathlib import Path

import pytest

from visage.data.settings import SplitSettings
from visage.saved_model.comparable import why_independence_unknown, why_not_comparable
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata
from visage.saved_model.provenance import provenance_of_data

FOLD_0, FOLD_1 = (SplitSettings(method="folds", fold=fold) for fold in (0, 1))
OWN = provenance_of_data(["utkface"], FOLD_0)
OF_OTHER_SPLIT = provenance_of_data(["utkface"], FOLD_1)
SILENT = "it does not record its training data, which may include faces of this split"


def model(folder: Path, *trainings: TrainingProvenance, size: int = 80) -> Path:
    folder.mkdir()
    write_metadata(folder, ModelMetadata(learned_from=list(trainings) or None, alignment={"size": size}))
    return folder


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    return model(tmp_path / "candidate", OWN)


@pytest.mark.parametrize(
    ("trainings", "split", "comparable"),
    [
        ([OWN], "test", True),
        ([OWN], "val", True),
        ([OWN], "train", False),
        ([OF_OTHER_SPLIT], "test", False),
        ([OF_OTHER_SPLIT], "val", False),
        # Its teacher.
        ([OWN, OF_OTHER_SPLIT], "test", False),
        ([OWN, provenance_of_data(["adience/faces"], FOLD_1)], "test", True),
        ([provenance_of_data(["adience/faces"], FOLD_1)], "train", True),
        ([TrainingProvenance()], "test", True),
        ([TrainingProvenance()], "train", False),
    ],
)
def test_a_model_that_may_know_the_faces_is_not_comparable(
    candidate: Path, tmp_path: Path, trainings: list[TrainingProvenance], split: str, comparable: bool
) -> None:
    why = why_not_comparable(candidate, model(tmp_path / "other", *trainings), split)
    assert (why is None) == comparable, why
    assert why is None or f"faces of this {split} split" in why


def test_crops_of_another_geometry_are_not_comparable(candidate: Path, tmp_path: Path) -> None:
    why = why_not_comparable(candidate, model(tmp_path / "other", OWN, size=112))
    assert why == "reads crops of another geometry (alignment)"


def test_a_model_that_records_its_data_is_known_to_be_independent(candidate: Path, tmp_path: Path) -> None:
    assert why_independence_unknown(candidate, model(tmp_path / "other", OWN)) is None


@pytest.mark.parametrize("trainings", [(), (replace(OWN, sources=None),), (replace(OWN, split=None),)])
def test_a_model_of_an_earlier_release_is_compared_with_and_named(
    candidate: Path, tmp_path: Path, trainings: tuple[TrainingProvenance, ...]
) -> None:
    other = model(tmp_path / "other", *trainings)
    assert why_not_comparable(candidate, other) is None
    assert why_independence_unknown(candidate, other) == SILENT


def test_a_model_without_a_description_is_one_that_records_nothing(candidate: Path, tmp_path: Path) -> None:
    assert why_independence_unknown(candidate, tmp_path / "none") == SILENT
    assert why_independence_unknown(tmp_path / "none", candidate) == "the candidate does not record its split"
