"""The search space in KerasTuner's terms."""

from __future__ import annotations

import json
from typing import Any

import keras_tuner

from visage.training.search.space import Choices, Range, Space

# Significant digits of the tried values: readable in a recipe, and the same after a restart on any machine.
_DIGITS = 4


def hyperparameters_of(space: Space) -> keras_tuner.HyperParameters:
    """Returns one hyperparameter for each key, named by the key."""
    found = keras_tuner.HyperParameters()
    for key, entry in space.items():
        if isinstance(entry, Choices):
            found.Choice(key, _encode(entry.values))
        else:
            number = found.Int if isinstance(entry.low, int) else found.Float
            number(key, entry.low, entry.high, sampling="log" if entry.log else "linear")
    return found


def rounded(space: Space, values: dict[str, Any]) -> dict[str, Any]:
    """Returns the values that KerasTuner chose; numbers from ranges are rounded but stay within the range."""
    return {key: _rounded(space[key], value) for key, value in values.items()}


def _rounded(entry: Choices | Range, value: Any) -> Any:
    if isinstance(entry, Choices) or isinstance(value, int):
        return value
    return min(max(float(f"{value:.{_DIGITS}g}"), entry.low), entry.high)


def _encode(values: tuple[Any, ...]) -> list[Any]:
    """Returns numbers of one type unchanged, so that KerasTuner knows their order; all other values as JSON."""
    if {type(value) for value in values} in ({int}, {float}):
        return list(values)
    return [json.dumps(value) for value in values]
