"""A warm start has the weights of the blessed model; one that is missing or does not fit is an error of one line."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.trained_model import TrainerRun
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings
from visage.networks import NETWORKS
from visage.saved_model.signatures import FaceModel
from visage.training.initialization.blessed_weights import load_blessed_weights
from visage.training.settings import TrainerSettings

COMPACT = TrainerSettings(network="compact", epochs=1, learning_rate=1).spec


def compact(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return NETWORKS["compact"].build()


def refusal(network: keras.Model, saved_model: str | None) -> str:
    with pytest.raises(VisageError) as error:
        load_blessed_weights(network, saved_model)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_warm_start_has_the_weights_of_the_blessed_model(trainer_run: TrainerRun) -> None:
    network = compact(seed=2)
    load_blessed_weights(network, str(trainer_run.saved_model))
    served = tf.saved_model.load(str(trainer_run.saved_model))
    pixels = tf.constant(np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8))
    predicted = FaceModel(network, COMPACT, AlignmentSettings()).from_pixels(pixels)
    for name, values in served.from_pixels(pixels).items():
        np.testing.assert_allclose(predicted[name], values, rtol=1e-5)


def test_a_warm_start_from_another_network_or_without_a_model_is_an_error_of_one_line(trainer_run: TrainerRun) -> None:
    saved_model = str(trainer_run.saved_model)
    assert "the model pushed last is a compact, no cnn_utkface" in refusal(NETWORKS["cnn_utkface"].build(), saved_model)
    other_head = TrainerSettings(network="compact", age_head="age_groups", epochs=1, learning_rate=1).spec.build()
    assert "of other layers or heads" in refusal(other_head, saved_model)
    assert "has pushed no model yet; train one with" in refusal(compact(seed=1), None)


def test_a_warm_start_from_a_model_of_an_older_version(tmp_path: Path) -> None:
    trained = compact(seed=1)
    older = tf.Module()
    older._network = trained
    tf.saved_model.save(older, str(tmp_path))
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "visage.json").write_text('{"network": "compact"}')
    network = compact(seed=2)

    load_blessed_weights(network, str(tmp_path))

    for loaded, saved in zip(network.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, saved)


def test_a_blessed_model_without_its_description_is_an_error_of_one_line(tmp_path: Path) -> None:
    file = tmp_path / "assets.extra" / "visage.json"
    expected = f"trainer.weights: blessed: {file} is missing or damaged; push that model again, or "
    assert refusal(compact(seed=1), str(tmp_path)).startswith(expected)
    file.parent.mkdir()
    file.write_text("{}")
    assert refusal(compact(seed=1), str(tmp_path)).startswith(expected)


@pytest.mark.parametrize("file", ["variables.index", "variables.data-00000-of-00001"])
@pytest.mark.parametrize("fraction", [0, 0.5])
def test_a_blessed_model_whose_variables_are_cut_short_is_an_error_of_one_line(
    trainer_run: TrainerRun, tmp_path: Path, file: str, fraction: float
) -> None:
    shutil.copytree(trainer_run.saved_model, tmp_path, dirs_exist_ok=True)
    cut = tmp_path / "variables" / file
    cut.write_bytes(cut.read_bytes()[: int(fraction * cut.stat().st_size)])
    expected = f"trainer.weights: blessed: {tmp_path}/variables is missing or damaged; push that model again, or "
    assert refusal(compact(seed=1), str(tmp_path)).startswith(expected)
