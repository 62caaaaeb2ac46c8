"""The Trainer fits the temperatures on what the SavedModel serves, and what it serves is what it fitted."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import SETTINGS, run_trainer
from visage.data.tfrecords import read_all
from visage.prediction.examples import ExamplesModel, predict_examples
from visage.saved_model.load import load_saved_model
from visage.saved_model.metadata import Calibration, HeadCalibration, read_metadata
from visage.tflite.crops import labelled_crops
from visage.tflite.network import load_network
from visage.training.batches import open_split
from visage.training.calibration.calibrate import calibrate
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns where a model was trained too long on few faces, so that it is too sure; tta_flip, calibrated."""
    folder = tmp_path_factory.mktemp("trainer")
    write_split(folder / "examples", "train", people(48, seed=1))
    write_split(folder / "examples", "val", people(200, seed=2))
    run_trainer(folder, recipe())
    return folder


def recipe(**changes: object) -> TrainerSettings:
    still = AugmentationSettings(flip=False, shift=0, brightness=0, contrast=0)
    of_test = {"epochs": 8, "tta_flip": True, "calibration": "temperature", "augmentation": still}
    return SETTINGS.model_copy(update={**of_test, **changes})


def test_the_served_probabilities_have_the_recorded_likelihood(folder: Path) -> None:
    model, val = folder / "model" / "Format-Serving", open_split("val", [f"{folder}/examples/Split-val/*"])
    calibration = read_metadata(model).calibration
    assert calibration is not None
    age, gender = fitted(calibration.age), fitted(calibration.gender)
    # Every fourth age and every fifth gender is unknown.
    assert (age.records, gender.records) == (150, 160)

    network = load_network(model)
    batch = next(iter(labelled_crops(val, network).batch(200)))
    pixels, years, male = (values.numpy() for values in batch)
    outputs = {name: values.numpy() for name, values in network(pixels).items()}
    of_label = np.where(male == 1, outputs["gender_probability"], 1 - outputs["gender_probability"])
    assert -np.log(of_label[~np.isnan(male)]).mean() == pytest.approx(gender.nll_after, abs=1e-3)

    (file,) = (folder / "examples" / "Split-val").iterdir()
    table = predict_examples(read_all(file), {"candidate": ExamplesModel(model)})
    truth, served = table.truths.by_target()["gender"], table.outputs["candidate"].by_target()["gender"]
    right = np.where(truth == 1, served, 1 - served)[truth >= 0]
    assert -np.log(right).mean() == pytest.approx(gender.nll_after, abs=1e-3)

    with_year = np.flatnonzero(~np.isnan(years))
    of_age = outputs["age_probabilities"][with_year, years[with_year].astype(int)]
    assert -np.log(of_age).mean() == pytest.approx(age.nll_after, abs=1e-3)


def fitted(fit: HeadCalibration | None) -> HeadCalibration:
    assert fit is not None
    assert fit.not_fitted is None
    assert fit.temperature != 1
    assert fit.nll_before is not None
    assert fit.nll_after is not None
    assert fit.nll_after < fit.nll_before
    return fit


@pytest.mark.one_stack
def test_the_same_network_is_calibrated_the_same_and_not_changed(folder: Path) -> None:
    val = open_split("val", [f"{folder}/examples/Split-val/*"])
    network = recipe().spec.build()
    before = network.get_weights()
    first, again = (calibrate(network, val, recipe()) for _ in range(2))
    assert first == again
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_heads_without_logits_or_absent_have_no_temperature(folder: Path) -> None:
    val = open_split("val", [f"{folder}/examples/Split-val/*"])
    regression = recipe(age_head="regression", gender_head="softmax")
    alone = recipe(age_head="age_groups", gender_head="none")
    for settings, absent in ((regression, "age"), (alone, "gender")):
        calibration = calibrate(settings.spec.build(), val, settings)
        assert calibration is not None
        assert getattr(calibration, absent) is None
        assert calibration != Calibration()
    assert calibrate(regression.spec.build(), val, recipe(calibration="none")) is None


@pytest.mark.one_stack
def test_the_recipe_changes_nothing_but_the_temperatures(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(folder / "examples")
    run_trainer(tmp_path, recipe(calibration="none"))
    models = [one / "model" / "Format-Serving" for one in (folder, tmp_path)]
    assert read_metadata(models[1]).calibration is None
    weights = [load_saved_model(model)._weights for model in models]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
