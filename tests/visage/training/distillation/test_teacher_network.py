"""A teacher predicts augmented images as the student sees them, and the SavedModel is all that this needs."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import ALIGNMENT
from tests.visage.training.tiny_teacher import write_teacher
from visage.errors import VisageError
from visage.networks import NETWORKS
from visage.saved_model.export import export
from visage.saved_model.metadata import Calibration, HeadCalibration
from visage.saved_model.preprocessing import to_network_input
from visage.saved_model.training_history import PhaseHistory
from visage.training.augmentation.mixup import mix
from visage.training.batches import open_split
from visage.training.distillation.teacher import check_teacher
from visage.training.distillation.teacher_network import TeacherNetwork, load_teacher_network
from visage.training.initialization.first_network import check_start
from visage.training.objective.labels import Labels
from visage.training.objective.training_model import TrainingModel
from visage.training.predict_teacher import with_teacher
from visage.training.recipe.distillation_settings import DistillationSettings
from visage.training.recipe.fine_tuning_settings import FineTuningSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

pytestmark = pytest.mark.one_stack

CALIBRATION = Calibration(HeadCalibration(2.0), HeadCalibration(0.5))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher") / "1"
    keras.utils.set_random_seed(1)
    spec = NETWORKS["compact"]
    export(spec.build(), spec, ALIGNMENT, str(folder), calibration=CALIBRATION)
    return folder


def recipe(teacher: Path, **changes: object) -> TrainerSettings:
    distillation = DistillationSettings(teacher=str(teacher), alpha=1.0, views="augmented")
    settings = TrainerSettings(network="compact", epochs=2, batch_size=8, learning_rate=1e-3, distillation=distillation)
    return settings.model_copy(update=changes)


def loaded(teacher: Path) -> TeacherNetwork:
    network = load_teacher_network(recipe(teacher))
    assert network is not None
    return network


def labels_of(count: int) -> Labels:
    predicted = {"teacher_age": tf.fill([count, 101], 1 / 101), "teacher_gender": tf.fill([count], 0.5)}
    return {"age_low": tf.fill([count], 30.0), **predicted, "teacher_weight": tf.ones([count])}


def test_the_targets_are_what_the_saved_model_predicts_for_these_pixels(teacher: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 64, 64, 3), np.uint8)
    model = tf.saved_model.load(str(teacher))
    served = model.from_pixels(tf.constant(pixels))
    taught = loaded(teacher).teach(tf.cast(pixels, tf.float32), labels_of(4))
    np.testing.assert_allclose(taught["teacher_age"], served["age_probabilities"], atol=1e-5)
    np.testing.assert_allclose(taught["teacher_gender"], served["gender_probability"], atol=1e-5)
    np.testing.assert_array_equal(taught["age_low"], np.full(4, 30))


def test_images_of_another_size_are_resized_as_crops_are(teacher: Path) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (4, 150, 150, 3), np.uint8)
    resized = tf.stack([to_network_input(crop, 64, 3) for crop in crops])
    model = tf.saved_model.load(str(teacher))
    taught = loaded(teacher).teach(tf.cast(crops, tf.float32), {})
    np.testing.assert_allclose(taught["teacher_age"], model.from_pixels(resized)["age_probabilities"], atol=1e-3)


def test_both_images_of_a_mixture_have_the_prediction_of_the_mixture(teacher: Path) -> None:
    pixels = tf.random.stateless_uniform([4, 64, 64, 3], [1, 2], 0, 255)
    mixed, labels = mix(pixels, labels_of(4), tf.constant([1, 2], tf.int64), 0.4)
    taught = loaded(teacher).teach(mixed, labels)
    np.testing.assert_array_equal(taught["teacher_age"], taught["mixed_in_teacher_age"])
    np.testing.assert_array_equal(taught["teacher_gender"], taught["mixed_in_teacher_gender"])
    assert taught.keys() == labels.keys()


@pytest.mark.parametrize(("head", "other"), [("age", "gender"), ("gender", "age")])
def test_a_teacher_of_one_head_teaches_a_student_of_that_head(tmp_path: Path, head: str, other: str) -> None:
    student = recipe(tmp_path / "1", **{f"{other}_head": "none"})
    export(student.spec.build(), student.spec, ALIGNMENT, str(tmp_path / "1"))
    check_teacher(tmp_path / "1", student, ALIGNMENT)
    network = load_teacher_network(student)
    assert network is not None
    assert network.teach(tf.zeros([1, 64, 64, 3]), {}).keys() == {f"teacher_{head}", "teacher_weight"}


@pytest.mark.parametrize(("views", "asked"), [("original", [False, False]), ("augmented", [False, True])])
def test_the_teacher_predicts_what_a_phase_learns_from_if_that_is_images(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, views: str, asked: list[bool]
) -> None:
    """In the first phase the student's head learns from stored features, of the originals."""
    split = open_split("train", [str(write_split(tmp_path, "train", people(8, seed=1)))])
    settings = recipe(teacher, freeze=-2, fine_tuning=FineTuningSettings(epochs=1, learning_rate=1e-3), epochs=1)
    distillation = settings.distillation.model_copy(update={"views": views})
    teaching: list[bool] = []

    class Recorded(TrainingModel):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            teaching.append(arguments[-1] is not None)

    monkeypatch.setattr("visage.training.fit_phase.TrainingModel", Recorded)
    train(split, split, settings.model_copy(update={"distillation": distillation}), None)
    assert teaching == asked


def test_a_student_without_labels_learns_from_its_teacher(teacher: Path, tmp_path: Path) -> None:
    unlabelled = [replace(person, age_label=None, gender="unknown") for person in people(8, seed=1)]
    split = open_split("train", [str(write_split(tmp_path, "train", unlabelled))])
    history: list[PhaseHistory] = []
    train(split, split, recipe(teacher, epochs=30, learning_rate=4e-3), None, history=history)
    first, *_, last = [epoch["loss"] for epoch in history[0].epochs]
    assert last < 0.7 * first


def test_a_teacher_that_cannot_predict_augmented_images_is_an_error_of_one_line(teacher: Path, tmp_path: Path) -> None:
    of_another_program = write_teacher(tmp_path / "1")
    with pytest.raises(VisageError, match=r"views: augmented: .*1 is not one of our networks; set it to original$"):
        check_teacher(of_another_program, recipe(of_another_program), ALIGNMENT)
    grey = recipe(teacher).model_copy(update={"network": "cnn_utkface", "age_head": "softmax"})
    with pytest.raises(VisageError, match=r"1 takes colour images, cnn_utkface grey ones; set it to original$"):
        check_teacher(teacher, grey, ALIGNMENT)
    file = teacher / "assets.extra" / "visage.json"
    changed = shutil.copytree(teacher, tmp_path / "2") / file.relative_to(teacher)
    changed.write_text(file.read_text().replace('"binary"', '"softmax"'))
    with pytest.raises(VisageError, match=r"2 is a compact of other heads; set it to original$"):
        check_start(recipe(tmp_path / "2"), None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"teacher": "ready"}, "views augmented takes no teacher ready, of other people: set it to original"),
        ({"teacher": "DIR", "freeze": 3}, "views augmented has no effect where features of frozen layers are learned"),
    ],
)
def test_views_without_effect_are_refused_with_the_recipe(changes: dict[str, Any], why: str) -> None:
    distillation = {"teacher": changes.pop("teacher"), "views": "augmented"}
    flip_only = {"shift": 0, "brightness": 0, "contrast": 0}
    values = {"network": "compact", "epochs": 1, "learning_rate": 1, "augmentation": flip_only, **changes}
    with pytest.raises(ValidationError, match=why):
        TrainerSettings.model_validate({**values, "distillation": distillation})


def test_originals_are_predicted_only_where_features_of_them_may_be_learned(teacher: Path, tmp_path: Path) -> None:
    split = open_split("train", [str(write_split(tmp_path, "train", people(2, seed=1)))])
    assert with_teacher(split, recipe(teacher), None) is split
    assert with_teacher(split, recipe(teacher, freeze=-2), None).teacher is not None


def test_a_teacher_whose_weights_are_cut_short_is_an_error_of_one_line(teacher: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(teacher, tmp_path / "1")
    (damaged / "variables" / "variables.index").write_bytes(b"")
    with pytest.raises(VisageError, match=r"distillation\.teacher: .*1 is damaged"):
        load_teacher_network(recipe(damaged))
