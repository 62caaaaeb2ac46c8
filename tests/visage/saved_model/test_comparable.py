"""Which models may be compared on a test split, and of which it is not known whether they were trained on it."""

from dataclasses import replace
from pathlib import Path

import pytest

from visage.data.settings import SplitSettings
from visage.saved_model.comparable import why_independence_unknown, why_not_comparable
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata
from visage.saved_model.provenance import provenance_of_data

OWN = provenance_of_data(["utkface"], SplitSettings())
OF_OTHER_SPLIT = provenance_of_data(["utkface"], SplitSettings(method="folds"))
SILENT = "it does not record its training data, which may include faces of this test split"


def model(folder: Path, *trainings: TrainingProvenance) -> Path:
    folder.mkdir()
    write_metadata(folder, ModelMetadata(learned_from=list(trainings) or None))
    return folder


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    return model(tmp_path / "candidate", OWN)


def test_a_model_of_the_same_split_is_independent(candidate: Path, tmp_path: Path) -> None:
    other = model(tmp_path / "other", OWN, provenance_of_data(["adience/faces"], SplitSettings(method="folds")))
    assert why_not_comparable(candidate, other) is None
    assert why_independence_unknown(candidate, other) is None


@pytest.mark.parametrize("trainings", [(OF_OTHER_SPLIT,), (OWN, OF_OTHER_SPLIT)])
def test_a_model_or_its_teacher_of_another_split_cannot_be_compared_with(
    candidate: Path, tmp_path: Path, trainings: tuple[TrainingProvenance, ...]
) -> None:
    why = why_not_comparable(candidate, model(tmp_path / "other", *trainings))
    assert why is not None
    assert why.startswith("may have been trained on faces of this test split (utkface by the split method folds")


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
