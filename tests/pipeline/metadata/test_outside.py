"""Models from outside the workspace pass on what they learned, by teachers, starts and first weights."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.metadata.learned import LearnedModel, learned_from_archive, learned_from_identity
from pipeline.metadata.workspace import workspace_trainings
from pipeline.output.console import Reporter
from pipeline.output.lineage import print_learned
from tests.pipeline.recorded_runs import RecordedPipeline
from visage.errors import VisageError
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, write_metadata

# Both models were trained elsewhere; the second also learned from one that was trained on WIKI.
TEACHER = TrainingProvenance(["adience"], {}, "elsewhere", False, 9, "5")
TEACHERS_TEACHER = TrainingProvenance(["imdb_wiki"], {}, "far-away", False, 9, "2")
PERSON = "adience/30000041@N01"


def saved_model(folder: Path, *trainings: TrainingProvenance) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    write_metadata(folder, ModelMetadata(learned_from=list(trainings) or None))
    return folder


@pytest.fixture
def pipeline(tmp_path: Path) -> RecordedPipeline:
    return RecordedPipeline(tmp_path / "workspace" / "faces")


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return saved_model(tmp_path / "models" / "7", TEACHER, TEACHERS_TEACHER)


def by_archive(pipeline: RecordedPipeline, archive: str) -> list[LearnedModel]:
    return learned_from_archive(workspace_trainings(pipeline.root.parent), archive)


def by_identity(pipeline: RecordedPipeline, identity: str) -> list[LearnedModel]:
    return learned_from_identity(workspace_trainings(pipeline.root.parent), identity)


def hows(models: list[LearnedModel]) -> dict[str, tuple[str, str | None]]:
    return {model.run_id: (model.how, model.through) for model in models}


def shown(models: list[LearnedModel]) -> str:
    stream = io.StringIO()
    print_learned(models, Reporter(stream))
    return " ".join(stream.getvalue().split())


def test_a_student_of_a_teacher_from_outside_learned_from_its_archives(
    pipeline: RecordedPipeline, teacher: Path
) -> None:
    pipeline.run("student", teacher=teacher, learned_from=[TEACHER, TEACHERS_TEACHER])
    pipeline.run("alone")
    through = f"teacher {teacher} (pipeline elsewhere, training 5)"
    assert hows(by_archive(pipeline, "adience")) == {"student": ("learned from it", through)}
    (of_wiki,) = by_archive(pipeline, "imdb_wiki")
    assert of_wiki.through == f"teacher {teacher} (pipeline far-away, training 2)"
    assert of_wiki.records == {}


def test_a_part_of_an_archive_may_have_taught_a_model_whose_record_names_the_whole(
    pipeline: RecordedPipeline, teacher: Path
) -> None:
    pipeline.run("student", teacher=teacher, learned_from=[TEACHER, TEACHERS_TEACHER])
    (model,) = by_archive(pipeline, "imdb_wiki/wiki")
    assert (model.how, model.unrecorded) == ("may have learned from", "archive imdb_wiki, parts not recorded")


def test_a_model_from_outside_records_archives_and_not_the_people_in_them(
    pipeline: RecordedPipeline, teacher: Path
) -> None:
    student = pipeline.run("student", teacher=teacher, learned_from=[TEACHER, TEACHERS_TEACHER])
    pipeline.run("later", start=student, learned_from=[TEACHER, TEACHERS_TEACHER])
    models = by_identity(pipeline, PERSON)
    assert {model.how for model in models} == {"may have learned from"}
    text = shown(models)
    assert "may have learned from (archive adience, people not recorded), through teacher" in text
    # What the start of a model may have learned, the model may have.
    assert models[1].through == f"start faces training {models[0].training}"
    assert models[1].of == ("faces", models[0].training)


@pytest.mark.parametrize("gone", ["teacher", "student"])
def test_the_record_of_one_of_the_two_models_is_enough(pipeline: RecordedPipeline, teacher: Path, gone: str) -> None:
    student = pipeline.run("student", teacher=teacher, blessed=0, learned_from=[TEACHER])
    shutil.rmtree(teacher if gone == "teacher" else student.folder)
    (model,) = by_archive(pipeline, "adience")
    assert model.through == f"teacher {teacher} (pipeline elsewhere, training 5)"
    assert model.on_disk == (gone == "teacher")


def test_a_start_that_was_removed_still_counts(pipeline: RecordedPipeline) -> None:
    first = pipeline.run("first", sources=("adience/faces",), blessed=0)
    shutil.rmtree(first.folder)
    shutil.rmtree(pipeline.root / "artifacts" / "FaceExampleGen")
    recorded = TrainingProvenance(["adience"], {}, "faces", False, 9, "1")
    pipeline.run("second", start=first, learned_from=[recorded])
    assert hows(by_archive(pipeline, "adience")) == {
        "second": ("learned from it", f"start {first.folder} (pipeline faces, training 1)")
    }


def test_a_training_of_equal_names_in_another_workspace_is_no_training_of_this_one(
    pipeline: RecordedPipeline, tmp_path: Path
) -> None:
    pipeline.run("first")
    (first,) = workspace_trainings(pipeline.root.parent)
    namesake = replace(TEACHER, pipeline="faces", training=first.training.id)
    teacher = saved_model(tmp_path / "models" / "8", namesake)
    pipeline.run("student", teacher=teacher, learned_from=[namesake])
    assert set(hows(by_archive(pipeline, "adience"))) == {"student"}


@pytest.mark.parametrize("uid", ["elsewhere", None])
def test_a_namesake_of_equal_data_sets_may_have_learned_from_people_that_the_local_training_lacks(
    pipeline: RecordedPipeline, tmp_path: Path, uid: str | None
) -> None:
    pipeline.run("first")
    (first,) = workspace_trainings(pipeline.root.parent)
    namesake = replace(first.provenance[0], uid=uid)
    teacher = saved_model(tmp_path / "models" / "8", namesake)
    pipeline.run("student", teacher=teacher, learned_from=[namesake])
    (model,) = by_identity(pipeline, "utkface/77")
    assert (model.run_id, model.how) == ("student", "may have learned from")
    assert model.unrecorded == "archive utkface, people not recorded"


def test_a_teacher_of_the_workspace_is_known_by_its_uid_wherever_its_copy_lies(
    pipeline: RecordedPipeline, tmp_path: Path
) -> None:
    pipeline.run("first", people={"train": ["utkface/5"], "val": [], "test": []})
    (first,) = workspace_trainings(pipeline.root.parent)
    pipeline.run("student", teacher=saved_model(tmp_path / "copy", *first.provenance), learned_from=first.provenance)
    models = by_identity(pipeline, "utkface/5")
    assert {model.run_id: (model.how, model.of) for model in models} == {
        "first": ("trained on it", None),
        "student": ("taught by", first.key),
    }


def test_pretrained_weights_count_as_an_archive(pipeline: RecordedPipeline) -> None:
    first = pipeline.run("first", first_weights="imagenet")
    pipeline.run("second", start=first)
    assert hows(by_archive(pipeline, "imagenet")) == {
        "first": ("learned from it", "weights imagenet"),
        "second": ("started from", None),
    }


def test_each_trunk_counts_as_an_archive(pipeline: RecordedPipeline) -> None:
    pipeline.run("first", first_weights={"dlib": "dlib", "faceres": "human-models.tgz"})
    for trunk in ("dlib", "faceres"):
        assert hows(by_archive(pipeline, trunk)) == {"first": ("learned from it", f"weights {trunk}")}


def test_a_file_of_weights_records_no_data(pipeline: RecordedPipeline) -> None:
    pipeline.run("first", first_weights="/models/vgg.weights.h5")
    pipeline.run("other", sources=("adience/faces",))
    models = by_archive(pipeline, "adience")
    assert hows(models) == {"first": ("not known", "weights file vgg.weights.h5"), "other": ("trained on it", None)}
    assert "not known (data not recorded), through weights file vgg.weights.h5" in shown(models)
    with pytest.raises(VisageError, match=r"--archive utkfaces: no model learned from it; did you mean utkface\?"):
        by_archive(pipeline, "utkfaces")
    assert set(hows(by_archive(pipeline, "casia"))) == {"first"}


def test_a_teacher_without_a_record_may_have_learned_from_anything(pipeline: RecordedPipeline, tmp_path: Path) -> None:
    silent = saved_model(tmp_path / "models" / "9")
    student = pipeline.run("student", teacher=silent, blessed=0)
    shutil.rmtree(student.folder)
    pipeline.run("other", sources=("adience/faces",))
    assert hows(by_archive(pipeline, "adience"))["student"] == ("not known", f"teacher {silent}")
