"""No model has a teacher that was trained on its test split, and each model records the trainings it depends on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.trained_model import PROVENANCE, TrainerRun
from visage.data.settings import SplitSettings
from visage.errors import VisageError
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata
from visage.saved_model.provenance import check_provenance, provenance_of_data, read_provenance

FOLD_0 = SplitSettings(method="folds", fold=0)
OWN = provenance_of_data(["utkface", "adience/faces"], FOLD_0)


def model(folder: Path, *trainings: TrainingProvenance) -> Path:
    folder.mkdir()
    write_metadata(folder, ModelMetadata(learned_from=list(trainings)))
    return folder


def written(folder: Path, description: dict[str, Any]) -> Path:
    (folder / "assets.extra").mkdir(parents=True)
    (folder / "assets.extra" / "visage.json").write_text(json.dumps(description))
    return folder


def test_a_model_of_the_same_split_may_teach_even_with_other_data_sets(tmp_path: Path) -> None:
    teacher = provenance_of_data(["utkface", "imdb_wiki/wiki"], FOLD_0)
    assert check_provenance(OWN, model(tmp_path / "1", teacher), None) == [OWN, teacher]
    assert check_provenance(OWN, None, model(tmp_path / "2", OWN)) == [OWN]
    assert check_provenance(OWN, None, None) == [OWN]


@pytest.mark.parametrize(
    "other",
    [
        FOLD_0.model_copy(update={"fold": 1}),
        FOLD_0.model_copy(update={"repeat": 1}),
        FOLD_0.model_copy(update={"folds": 4}),
        SplitSettings(),
        SplitSettings(method="protocol"),
    ],
)
def test_a_model_of_another_split_is_refused(tmp_path: Path, other: SplitSettings) -> None:
    knows = model(tmp_path / "1", provenance_of_data(["adience/aligned"], other))
    with pytest.raises(
        VisageError,
        match=r"^trainer\.distillation\.teacher: .* faces of the test split: .* adience by the split",
    ):
        check_provenance(OWN, knows, None)
    with pytest.raises(VisageError, match=r"^trainer\.weights: blessed: .* faces of the test split: [^\n]*$"):
        check_provenance(OWN, None, knows)


def test_a_trained_model_records_its_data(trainer_run: TrainerRun) -> None:
    (own,) = read_provenance(trainer_run.saved_model) or []
    assert own == replace(PROVENANCE, faces=96, training=trainer_run.model_uri.name, weights="random", uid=own.uid)
    assert own.uid


def test_lists_do_not_grow_from_one_training_of_a_pipeline_to_the_next(tmp_path: Path) -> None:
    before = model(tmp_path / "1", replace(OWN, faces=90, training="7"))
    assert check_provenance(OWN, None, before) == [OWN]


def test_a_teacher_with_the_names_of_another_workspace_stays_in_the_record(tmp_path: Path) -> None:
    own, namesake = replace(OWN, uid="a"), replace(OWN, training="7", uid="b")
    teacher, start = model(tmp_path / "1", namesake), model(tmp_path / "2", own, namesake)
    assert check_provenance(own, teacher, None) == [own, namesake]
    assert check_provenance(replace(own, uid="c"), teacher, start) == [replace(own, uid="c"), namesake]


def test_the_first_weights_of_the_model_that_a_training_starts_from_stay_known(tmp_path: Path) -> None:
    first, second = replace(OWN, weights="dlib"), replace(OWN, weights="blessed")
    before = model(tmp_path / "1", first)
    assert check_provenance(second, None, before) == [second, first]
    assert check_provenance(second, None, model(tmp_path / "2", second, first)) == [second, first]


def test_a_teacher_of_drawn_portraits_stays_known_as_one(tmp_path: Path) -> None:
    drawn = provenance_of_data(["utkface"], FOLD_0, "sample-portraits", drawn=True)
    own = provenance_of_data(["utkface"], FOLD_0, "faces", drawn=False)
    assert check_provenance(own, model(tmp_path / "1", drawn), None) == [own, drawn]


def test_the_data_of_the_teachers_teacher_counts_too(tmp_path: Path) -> None:
    teachers_teacher = provenance_of_data(["utkface"], SplitSettings())
    with pytest.raises(VisageError, match=r"was trained on utkface by the split method holdout, train 0.7"):
        check_provenance(OWN, model(tmp_path / "1", OWN, teachers_teacher), None)


def test_other_data_may_have_another_split(tmp_path: Path) -> None:
    check_provenance(
        OWN,
        model(tmp_path / "1", provenance_of_data(["imdb_wiki/imdb", "labelled_folder/mine"], SplitSettings())),
        None,
    )


def test_settings_of_other_split_methods_do_not_matter() -> None:
    assert provenance_of_data(["utkface"], FOLD_0) == provenance_of_data(
        ["utkface"], FOLD_0.model_copy(update={"protocol": "utkface_21_60"})
    )


@pytest.mark.parametrize("description", [{}, {"learned_from": None}, {"learned_from": [{}]}, {"learned_from": 3}, []])
def test_a_model_without_recorded_data_is_refused(tmp_path: Path, description: Any) -> None:
    silent = written(tmp_path / "1", description)
    for folder in (silent, tmp_path / "none"):
        with pytest.raises(VisageError, match=r"does not record its training data .* train it again, or"):
            check_provenance(OWN, folder, None)
