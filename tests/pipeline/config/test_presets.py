"""A recipe may have presets: values under a name, of which it takes one."""

from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT, refusal

WITH_PRESETS = """
extends: base.yaml
preset: small
presets:
  small: {trainer: {epochs: 2}}
  large: {trainer: {epochs: 9, batch_size: 8}}
"""


@pytest.fixture
def with_presets(tmp_path: Path) -> Path:
    """A recipe with two presets."""
    (tmp_path / "base.yaml").write_text(DEFAULT.read_text())
    (tmp_path / "recipe.yaml").write_text(WITH_PRESETS)
    return tmp_path / "recipe.yaml"


@pytest.mark.parametrize(
    ("overrides", "epochs", "batch_size"),
    [
        ([], 2, 32),
        (["preset=large"], 9, 8),
        # A single key takes precedence over its preset, in any order.
        (["trainer.epochs=4", "preset=large"], 4, 8),
    ],
)
def test_a_recipe_with_presets_takes_the_values_of_one(
    with_presets: Path, overrides: list[str], epochs: int, batch_size: int
) -> None:
    trainer = load_config(with_presets, overrides).trainer
    assert (trainer.epochs, trainer.batch_size) == (epochs, batch_size)


def test_an_unknown_preset_is_an_error_that_names_the_known_ones(with_presets: Path) -> None:
    assert refusal("preset=huge", path=with_presets) == "--set preset: must be small or large, not 'huge'"
    with_presets.write_text(WITH_PRESETS.replace("preset: small", "preset: 3"))
    assert refusal(path=with_presets) == f"{with_presets}: preset: must be small or large, not 3"
    with_presets.write_text(WITH_PRESETS.replace("large: {trainer: {epochs: 9, batch_size: 8}}", "large: 3"))
    assert (
        refusal(path=with_presets)
        == f"{with_presets}: presets: must hold a name for each preset, and keys and values below it"
    )


def test_a_recipe_without_presets_has_no_such_key() -> None:
    assert (
        refusal("preset=large")
        == f"--set preset: {DEFAULT} has no presets; docs/recipes.md has the recipes with presets"
    )
