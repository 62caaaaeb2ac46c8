"""The presets in recipes/data clean and split as the published systems do."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT

RECIPES = PROJECT / "recipes"
PRESETS = sorted((RECIPES / "data").glob("*.yaml"))
OF_IMDB_WIKI = {"second_face": "drop", "gender": "known", "imdb_wiki_age": "year_difference"}
CLEANING: dict[str, dict[str, Any]] = {
    "resnet_adience": {"gender": "any", "age": "any"},
    "vggface_wiki": {**OF_IMDB_WIKI, "min_face_score": 3.0, "face_score_above": None, "min_age": 1, "max_age": 100},
    "cnn_imdb": {**OF_IMDB_WIKI, "min_face_score": None, "face_score_above": 1.0, "min_age": 9, "max_age": 99},
    "mobilenet_imdb": {**OF_IMDB_WIKI, "min_face_score": None, "face_score_above": 3.0, "min_age": 0, "max_age": 100},
    "cnn_utkface": {"gender": "known", "age": "known", "min_age": 0, "max_age": 116},
    "visage": {"gender": "any", "age": "any", "imdb_wiki_age": "middle_of_year", "min_age": 0, "max_age": 100},
    "utkface_21_60": {"age": "known", "max_age": 116},
    "utkface_80_20": {"age": "known", "max_age": 116},
    "utkface_60_20_20": {"age": "known", "max_age": 116},
}
SPLIT: dict[str, dict[str, Any]] = {
    "resnet_adience": {"method": "folds", "folds": "published", "fold": 0},
    "vggface_wiki": {"method": "holdout", "test": 0.3},
    "cnn_imdb": {"method": "holdout", "test": 0.2},
    "mobilenet_imdb": {"method": "holdout", "test": 0.2},
    "cnn_utkface": {"method": "holdout", "test": 0.1},
    "visage": {"method": "holdout", "test": 0.1},
    "utkface_21_60": {"method": "protocol", "protocol": "utkface_21_60"},
    "utkface_80_20": {"method": "protocol", "protocol": "utkface_80_20"},
    "utkface_60_20_20": {"method": "protocol", "protocol": "utkface_60_20_20", "repeat": 0},
}
SOURCES = {
    "resnet_adience": ["adience/aligned"],
    "vggface_wiki": ["imdb_wiki/wiki"],
    "cnn_imdb": ["imdb_wiki/imdb", "imdb_wiki/wiki"],
    "mobilenet_imdb": ["imdb_wiki/imdb"],
    "visage": ["utkface", "adience/faces", "imdb_wiki/imdb", "imdb_wiki/wiki"],
}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_valid_run_that_cleans_and_splits_as_published(preset: Path) -> None:
    config = load_config(preset)
    assert config.name == f"data-{preset.stem.replace('_', '-')}"
    assert config.data.sources == SOURCES.get(preset.stem, ["utkface"])
    assert CLEANING[preset.stem].items() <= config.cleaning.model_dump().items()
    assert SPLIT[preset.stem].items() <= config.split.model_dump().items()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_the_aligned_crops_of_utkface_use_no_detector(preset: Path) -> None:
    config = load_config(preset)
    assert (config.alignment.detector == "none") == (config.data.sources == ["utkface"])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_describes_its_effect_and_its_source(preset: Path) -> None:
    first, *others = preset.read_text().split("extends:")[0].splitlines()
    assert first.startswith("# ")
    assert others[-1].startswith("# ")
    assert "Published: " in "".join(others) or preset.stem == "visage"


def test_the_recipe_of_the_published_cnn_takes_its_data_from_its_preset() -> None:
    recipe, preset = load_config(RECIPES / "cnn_utkface.yaml"), load_config(RECIPES / "data/cnn_utkface.yaml")
    assert (recipe.data, recipe.cleaning) == (preset.data, preset.cleaning)
    assert (recipe.alignment, recipe.split) == (preset.alignment, preset.split)
