"""The recipes in recipes/ train the published networks as they were published, number by number."""

from pathlib import Path
from typing import Any

import keras
import pytest

from components.trainer.frozen import freeze
from pipeline.config import PipelineConfig, load_config

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
ADAM = {"optimizer": "adam", "schedule": "constant", "weight_decay": 0}
UNCHANGED = {
    "flip": False, "shift": 0, "zoom": 0, "rotation": 0, "shear": 0, "brightness": 0, "contrast": 0, "saturation": 0,
    "lighting": 0, "erasing": 0,
}  # fmt: skip
OF_IMDB = {**UNCHANGED, "flip": True, "zoom": 0.2, "rotation": 40, "shear": 0.2}

# By recipe: its data rule, its network with the heads, the loss of which follows from them, and its training.
HEADS = {
    "cnn_imdb_age": ("cnn_imdb", "cnn_imdb_age", "regression", None),
    "cnn_imdb_gender": ("cnn_imdb", "cnn_imdb_gender", None, "binary"),
    "mobilenet_imdb": ("mobilenet_imdb", "mobilenet", "softmax", "softmax"),
    "resnet_adience": ("resnet_adience", "resnet50", "groups", "binary"),
    "vggface_wiki_age": ("vggface_wiki", "vggface", "softmax", None),
    "vggface_wiki_gender": ("vggface_wiki", "vggface", None, "softmax"),
}
TRAINING: dict[str, dict[str, Any]] = {
    "cnn_imdb_age": {**ADAM, "learning_rate": 0.002, "epochs": 20, "early_stopping_patience": 5, "weights": None},
    "cnn_imdb_gender": {**ADAM, "learning_rate": 0.002, "epochs": 20, "early_stopping_patience": 5, "weights": None},
    "mobilenet_imdb": {"optimizer": "sgd", "momentum": 0, "learning_rate": 0.001, "epochs": 70, "weights": "imagenet"},
    "resnet_adience": {
        **ADAM, "learning_rate": 0.001, "epochs": 200, "epoch_size": 50 * 32, "batch_size": 32,
        "early_stopping_patience": 10, "weights": "imagenet", "flip_averaged": True,
    },
    "vggface_wiki_age": {**ADAM, "learning_rate": 0.001, "epochs": 250, "epoch_size": 256, "frozen": -6},
    "vggface_wiki_gender": {**ADAM, "learning_rate": 0.001, "epochs": 250, "epoch_size": 256, "frozen": -6},
}  # fmt: skip
AUGMENTATION: dict[str, dict[str, Any]] = {
    "cnn_imdb_age": OF_IMDB,
    "cnn_imdb_gender": OF_IMDB,
    "mobilenet_imdb": {
        **UNCHANGED,
        "flip": True,
        "brightness": 0.5,
        "contrast": 0.5,
        "saturation": 0.5,
        "lighting": 0.5,
    },
    "resnet_adience": {**UNCHANGED, "flip": True, "shift": 0.1, "zoom": 0.1, "rotation": 6},
    "vggface_wiki_age": UNCHANGED,
    "vggface_wiki_gender": UNCHANGED,
}


def recipe(name: str) -> PipelineConfig:
    return load_config(RECIPES / f"{name}.yaml")


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_recipe_has_the_published_data_network_and_heads(name: str) -> None:
    preset, network, age_head, gender_head = HEADS[name]
    config, data = recipe(name), load_config(RECIPES / "data" / f"{preset}.yaml")
    assert (config.data, config.cleaning, config.split) == (data.data, data.cleaning, data.split)
    spec = config.trainer.spec
    assert (spec.name, spec.age_head, spec.gender_head) == (network, age_head, gender_head)
    # No picture is enlarged for the network.
    assert config.alignment.size == spec.input_size


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_recipe_trains_as_published(name: str) -> None:
    settings = recipe(name).trainer.model_dump()
    assert TRAINING[name].items() <= settings.items()
    assert AUGMENTATION[name].items() <= settings["augmentation"].items()


def test_the_rates_fall_as_published() -> None:
    resnet, mobilenet = recipe("resnet_adience").trainer, recipe("mobilenet_imdb").trainer
    assert (resnet.reduce_on_plateau.patience, resnet.reduce_on_plateau.factor) == (3, 0.1)
    assert (mobilenet.reduce_on_plateau.patience, mobilenet.reduce_on_plateau.factor) == (4, 0.1)
    assert (mobilenet.step_schedule.epochs, mobilenet.step_schedule.factors) == ((7, 18, 42), (0.1, 0.5, 1.6))


@pytest.mark.parametrize("name", ["vggface_wiki_age", "vggface_wiki_gender"])
def test_vggface_learns_its_last_layers_alone(name: str) -> None:
    settings = recipe(name).trainer
    with keras.StatelessScope(initialize_variables=False):  # half a gigabyte less
        network = settings.spec.build()
    freeze(network, settings.frozen)
    frozen = [layer.name for layer in network.layers if not layer.trainable and layer.weights]
    assert frozen[0] == "conv1_1"
    assert frozen[-1] == "conv5_3"
    learning = sum(layer.count_params() for layer in network.layers if layer.trainable)
    assert network.count_params() - learning == 14_714_688


def test_visage_small_is_taught_by_what_visage_pushes_or_learns_from_nobody() -> None:
    taught = recipe("visage_small")
    assert str(Path(taught.trainer.distillation.teacher or "").resolve()) == str(recipe("visage").model_base_path)
    teacher = recipe("visage")
    assert (taught.data, taught.cleaning, taught.split) == (teacher.data, teacher.cleaning, teacher.split)
    assert taught.alignment == teacher.alignment
    assert (taught.trainer.weights, taught.trainer.frozen) == ("dlib", "dlib_")
    alone = load_config(RECIPES / "visage_small.yaml", ["size=scratch", "trainer.distillation.teacher=null"]).trainer
    assert (alone.weights, alone.frozen, alone.fine_tuning.epochs) == (None, None, 0)
