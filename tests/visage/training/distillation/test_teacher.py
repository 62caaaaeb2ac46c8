"""The teacher is the newest version of a model, and an unsuitable model is refused with the reason."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.helpers.drawn_crops import SIZE
from tests.helpers.tiny_model import save_model
from tests.visage.training.tiny_teacher import write_teacher
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings
from visage.training.distillation.teacher import check_teacher, find_teacher
from visage.training.settings import TrainerSettings

STUDENT = TrainerSettings(network="compact", epochs=1, learning_rate=0.1)
ALIGNMENT = AlignmentSettings(size=SIZE)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_teacher(tmp_path_factory.mktemp("teacher") / "7")


def test_the_teacher_is_the_newest_or_the_named_version_of_a_pushed_model(tmp_path: Path) -> None:
    for version in ("9", "10"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").touch()
    assert find_teacher(str(tmp_path)) == tmp_path / "10"
    assert find_teacher(str(tmp_path / "9")) == tmp_path / "9"


def test_a_missing_teacher_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"distillation\.teacher: there is no model in .*; push one there first, "):
        find_teacher(str(tmp_path / "none"))


def test_a_teacher_may_have_crops_of_another_size(teacher: Path) -> None:
    check_teacher(teacher, STUDENT, ALIGNMENT.model_copy(update={"size": 150}))


def test_crops_of_another_geometry_are_refused(teacher: Path) -> None:
    with pytest.raises(VisageError, match=r"alignment\.eye_distance: 0\.3 does not suit the teacher, .*7, .* 0\.39"):
        check_teacher(teacher, STUDENT, ALIGNMENT.model_copy(update={"eye_distance": 0.3}))


def test_unaligned_crops_have_another_geometry(teacher: Path, tmp_path: Path) -> None:
    crops = ALIGNMENT.model_copy(update={"detector": "none"})
    with pytest.raises(
        VisageError, match=r"alignment\.detector: none does not suit the teacher, .*, whose .* blazeface"
    ):
        check_teacher(teacher, STUDENT, crops)
    check_teacher(teacher, STUDENT, ALIGNMENT.model_copy(update={"detector": "mtcnn"}))
    of_crops = write_teacher(tmp_path / "1", alignment=crops)
    check_teacher(of_crops, STUDENT, crops.model_copy(update={"eye_distance": 0.3}))


def test_a_teacher_must_predict_the_targets_of_the_student(tmp_path: Path) -> None:
    of_groups = write_teacher(tmp_path / "groups", groups=True)
    with pytest.raises(VisageError, match="groups predicts age groups alone; compact learns from a model of the ages"):
        check_teacher(of_groups, STUDENT, ALIGNMENT)
    check_teacher(of_groups, STUDENT.model_copy(update={"age_head": "none"}), ALIGNMENT)
    of_ages = write_teacher(tmp_path / "ages", predicts_gender=False)
    with pytest.raises(VisageError, match="ages predicts no gender, which compact learns; set gender_head to none"):
        check_teacher(of_ages, STUDENT, ALIGNMENT)


def test_a_teacher_without_crops_as_input_is_refused(tmp_path: Path) -> None:
    save_model(tmp_path)
    with pytest.raises(VisageError, match="Format-Serving takes no crops as image_bytes; name a model that VisAge"):
        check_teacher(tmp_path / "Format-Serving", STUDENT, ALIGNMENT)


@pytest.mark.parametrize("file", ["saved_model.pb", "assets.extra/visage.json"])
def test_a_damaged_teacher_is_an_error_of_one_line(tmp_path: Path, file: str) -> None:
    write_teacher(tmp_path / "1")
    (tmp_path / "1" / file).write_bytes(b"{{")
    with pytest.raises(VisageError, match=r"distillation\.teacher: .*1 is damaged; push that model again"):
        check_teacher(tmp_path / "1", STUDENT, ALIGNMENT)


def test_a_head_without_an_age_distribution_has_no_teacher() -> None:
    given = {**STUDENT.model_dump(), "age_head": "coral", "distillation": {"teacher": "somewhere"}}
    with pytest.raises(ValidationError, match="supports the age_head softmax or label_distribution, not coral"):
        TrainerSettings.model_validate(given)
