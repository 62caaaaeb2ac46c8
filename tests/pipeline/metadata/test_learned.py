"""Which models learned from an archive or from a person, across pipelines, teachers and starts."""

import shutil
from pathlib import Path

import pytest

from pipeline.metadata.learned import LearnedModel, learned_from_archive, learned_from_identity
from pipeline.metadata.workspace import workspace_trainings
from tests.pipeline.recorded_runs import PEOPLE, RecordedPipeline
from visage.errors import VisageError

OTHERS = {"train": ["adience/7"], "val": ["adience/8"], "test": ["utkface/1"]}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Pipeline `faces`: "first" knows utkface/1, "second" starts from it, "third" was tested on that person alone.

    Pipeline `small`: "student" was taught by the version of "second".
    """
    faces = RecordedPipeline(tmp_path / "faces")
    first = faces.run("first")
    second = faces.run("second", start=first, people=OTHERS | {"test": []}, sources=("adience/faces",))
    faces.run("third", people=OTHERS, sources=("adience/faces", "adience/aligned"))
    small = RecordedPipeline(tmp_path / "small")
    small.run("student", teacher=faces.base / str(second.version), people=PEOPLE | {"train": [], "val": []})
    small.run("alone", people=PEOPLE | {"train": ["utkface/2"]})
    return tmp_path


def by_run(models: list[LearnedModel]) -> dict[str, str]:
    return {model.run_id: model.how for model in models}


def test_a_person_leads_to_the_models_that_learned_and_to_those_that_depend_on_them(workspace: Path) -> None:
    models = learned_from_identity(workspace_trainings(workspace), "utkface/1")
    assert by_run(models) == {
        "first": "trained on it",
        "second": "started from",
        "third": "tested on it",
        "student": "taught by",
    }
    first, second, _, student = models
    assert first.records == {"train": 2, "val": 0, "test": 0}
    assert first.versions[0][1] == "older"
    assert second.of == ("faces", first.training)
    assert student.of == ("faces", second.training)
    assert student.pipeline == "small"


def test_the_split_that_chooses_the_epoch_counts(workspace: Path) -> None:
    assert by_run(learned_from_identity(workspace_trainings(workspace), "utkface/3")) == {
        "first": "trained on it",
        "second": "started from",
        "student": "taught by",
        "alone": "trained on it",
    }


def test_models_whose_examples_are_gone_say_so(workspace: Path) -> None:
    shutil.rmtree(workspace / "faces" / "artifacts" / "FaceExampleGen" / "examples")
    assert by_run(learned_from_identity(workspace_trainings(workspace), "utkface/1")) == {
        "first": "not known",
        "second": "not known",
        "third": "not known",
        # Its own examples are there; those of its teacher are not.
        "student": "not known",
    }


def test_a_model_that_is_gone_is_named_while_its_examples_are_there(workspace: Path) -> None:
    for folder in ("artifacts/Trainer", "serving"):
        shutil.rmtree(workspace / "small" / folder)
    models = learned_from_identity(workspace_trainings(workspace), "utkface/2")
    assert [model.on_disk for model in models if model.run_id == "alone"] == [False]
    shutil.rmtree(workspace / "small" / "artifacts" / "FaceExampleGen" / "examples")
    assert {one.pipeline for one in workspace_trainings(workspace)} == {"faces"}


def test_an_unknown_person_is_an_error_that_names_the_nearest(workspace: Path) -> None:
    with pytest.raises(VisageError, match=r"--identity utkface/11: is in no example, .*did you mean utkface/1\?"):
        learned_from_identity(workspace_trainings(workspace), "utkface/11")


@pytest.mark.parametrize(
    ("archive", "runs"),
    [
        ("adience/aligned", {"third": "trained on it"}),
        ("adience", {"second": "trained on it", "third": "trained on it", "student": "taught by"}),
    ],
)
def test_an_archive_leads_to_its_models(workspace: Path, archive: str, runs: dict[str, str]) -> None:
    models = learned_from_archive(workspace_trainings(workspace), archive)
    assert by_run(models) == runs
    assert models[0].records == {"train": 1, "val": 1, "test": 0 if archive == "adience" else 1}


def test_an_unknown_archive_is_an_error_that_names_the_nearest(workspace: Path) -> None:
    with pytest.raises(VisageError, match=r"--archive utkfaces: no model learned from it; did you mean utkface\?"):
        learned_from_archive(workspace_trainings(workspace), "utkfaces")
