"""Replaces values of a recipe by those that a hyperparameter search tries or found best."""

import json
from collections.abc import Mapping
from typing import Any

from visage.training.settings import TrainerSettings

PREFIX = "trainer."


def with_values(settings: TrainerSettings, values: Mapping[str, Any]) -> TrainerSettings:
    """Returns the recipe with `values` in place of its own.

    Args:
        settings: the recipe.
        values: by key of the configuration, e.g. `trainer.augmentation.rotation`.

    Raises:
        pydantic.ValidationError: a value is not allowed, or values are invalid together.
    """
    changed = settings.model_dump()
    for key, value in values.items():
        *parents, leaf = key.removeprefix(PREFIX).split(".")
        below = changed
        for parent in parents:
            below = below[parent]
        below[leaf] = value
    return TrainerSettings.model_validate(changed)


def values_of(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that KerasTuner holds: its numbers are numbers, its texts are JSON.

    Args:
        hyperparameters: by key of the configuration.
    """
    return {key: json.loads(value) if isinstance(value, str) else value for key, value in hyperparameters.items()}


def tuned(settings: TrainerSettings, hyperparameters: Mapping[str, Any] | None) -> TrainerSettings:
    """Returns the recipe with the values that a search found best.

    Args:
        settings: the recipe.
        hyperparameters: as TFX's artifact HyperParameters holds them, a KerasTuner configuration; None: no search.
    """
    return settings if hyperparameters is None else with_values(settings, values_of(hyperparameters["values"]))
