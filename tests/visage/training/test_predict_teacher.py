"""A teacher predicts each training image once; its predictions are the targets of faces without a label."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import people, write_split
from tests.visage.training.tiny_teacher import write_teacher
from visage import progress
from visage.errors import VisageError
from visage.networks.heads import age_probabilities, expected_age
from visage.training.batches import Split, TrainingBatches, evaluation_batches, open_split
from visage.training.checkpoint import Checkpoint
from visage.training.initialization.first_network import check_start
from visage.training.predict_teacher import predict_teacher, with_teacher
from visage.training.recipe.distillation_settings import DistillationSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

pytestmark = pytest.mark.one_stack

RECORDS = 96


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("distillation")
    write_teacher(folder / "teacher" / "1")
    unlabelled = [replace(person, age_label=None, gender="unknown") for person in people(RECORDS, seed=1)]
    write_split(folder, "train", unlabelled)
    write_split(folder, "val", people(24, seed=2))
    return folder


def split(folder: Path, name: str) -> Split:
    return open_split(name, [f"{folder}/Split-{name}/*"])


def recipe(folder: Path, **changes: object) -> TrainerSettings:
    distillation = DistillationSettings(teacher=str(folder / "teacher"), alpha=0.5)
    settings = TrainerSettings(
        network="compact", epochs=8, batch_size=16, learning_rate=4e-3, distillation=distillation
    )
    return settings.model_copy(update=changes)


def test_predictions_join_the_labels_of_their_own_record_in_any_order(folder: Path) -> None:
    settings = recipe(folder)
    with_teacher_labels = with_teacher(split(folder, "train"), settings, None)
    truth = sorted(person.age for person in people(RECORDS, seed=1) if person.age is not None)
    (_, in_order), *_ = evaluation_batches(with_teacher_labels, settings.spec, settings)
    assert in_order["teacher_age"].shape == (16, 101)
    assert in_order["teacher_gender"].shape == in_order["teacher_weight"].shape == (16,)
    shuffled = TrainingBatches(with_teacher_labels, settings.spec, settings).epoch(0)
    predicted = np.concatenate([expected_age(labels["teacher_age"]) for _, labels in shuffled])
    assert len(predicted) == RECORDS
    assert with_teacher(with_teacher_labels, settings, None) is with_teacher_labels, "for the next training of a search"
    missing = [age for age in truth if np.abs(predicted - age).min() > 3]
    assert not missing


def test_each_prediction_belongs_to_its_image(folder: Path) -> None:
    settings = recipe(folder)
    with_teacher_labels = with_teacher(split(folder, "train"), settings, None)
    still = settings.model_copy(update={"augmentation": settings.augmentation.model_copy(update={"brightness": 0})})
    for pixels, labels in TrainingBatches(with_teacher_labels, settings.spec, still).epoch(0):
        drawn = (np.asarray(pixels)[:, 24:40, 24:40].mean(axis=(1, 2, 3)) - 40) / 2
        np.testing.assert_allclose(expected_age(labels["teacher_age"]), drawn.clip(0, 100), atol=5)


def test_a_teacher_without_tta_flip_predicts_both_sides(folder: Path, tmp_path: Path) -> None:
    write_teacher(tmp_path / "teacher" / "1", tta_flip=False)
    once = predict_teacher(split(folder, "train"), recipe(folder))
    of_both = predict_teacher(split(folder, "train"), recipe(tmp_path))
    ages, mean_ages = (expected_age(predictions.by_output["age"]) for predictions in (once, of_both))
    # The same drawing, except for the mirrored noise and a second JPEG compression.
    np.testing.assert_allclose(ages, mean_ages, atol=1)
    assert not np.array_equal(ages, mean_ages)
    np.testing.assert_allclose(of_both.by_output["age"].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("flip_key", ["tta_flip", "flip_averaged"])
def test_a_teacher_with_tta_flip_under_either_key_predicts_once(folder: Path, tmp_path: Path, flip_key: str) -> None:
    write_teacher(tmp_path / "teacher" / "1", flip_key=flip_key)
    predictions, expected = (predict_teacher(split(folder, "train"), recipe(where)) for where in (tmp_path, folder))
    np.testing.assert_array_equal(predictions.by_output["age"], expected.by_output["age"])


def test_unlabelled_faces_get_the_predictions_of_the_teacher_which_predicts_once(folder: Path, tmp_path: Path) -> None:
    settings, checkpoint = recipe(folder, epochs=12), Checkpoint(tmp_path / "checkpoint")
    reports: list[tuple[str, int, int | None]] = []
    with progress.listening(lambda step, done, total, _: reports.append((step, done, total))):
        network = train(split(folder, "train"), split(folder, "val"), settings, str(tmp_path), checkpoint=checkpoint)
        again = with_teacher(split(folder, "train"), settings, checkpoint)
    assert [report for report in reports if report[0] == "teacher's predictions"] == [
        ("teacher's predictions", 64, RECORDS),
        ("teacher's predictions", RECORDS, RECORDS),
    ]
    assert again.teacher is not None

    raws, known = [], []
    for pixels, some in evaluation_batches(split(folder, "val"), settings.spec, settings):
        raws.append(network(pixels, training=False))
        known.append(some)
    labels = {name: np.concatenate([some[name] for some in known]) for name in known[0]}
    ages = expected_age(age_probabilities(np.concatenate([raw["age"] for raw in raws]), "label_distribution"))
    logits = np.concatenate([raw["gender"] for raw in raws])[:, 0]
    error = np.abs(ages - labels["age_low"])[labels["age_low"] == labels["age_high"]].mean()
    right = ((logits > 0) == (labels["gender"] > 0))[labels["gender_weight"] > 0].mean()
    assert error < 15
    assert right > 0.8


def test_damaged_predictions_are_made_again(folder: Path, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.teacher_predictions_file.write_bytes(b"PK\x03\x04 nothing")
    assert with_teacher(split(folder, "train"), recipe(folder), checkpoint).teacher is not None


@pytest.mark.parametrize("file", ["variables.index", "variables.data-00000-of-00001"])
def test_a_teacher_that_cannot_be_loaded_is_an_error_of_one_line(tmp_path: Path, file: str) -> None:
    cut = write_teacher(tmp_path / "teacher" / "1") / "variables" / file
    whole = cut.read_bytes()
    check_start(recipe(tmp_path), None)
    for fraction in (0, 0.5):
        cut.write_bytes(whole[: int(fraction * len(whole))])
        with pytest.raises(VisageError, match=r"distillation\.teacher: .*1 is damaged"):
            check_start(recipe(tmp_path), None)


def test_a_recipe_without_a_teacher_leaves_the_records_as_they_are(folder: Path) -> None:
    alone = recipe(folder, distillation=DistillationSettings())
    assert with_teacher(split(folder, "train"), alone, None).teacher is None
