"""A search's space in KerasTuner's terms."""

from __future__ import annotations

import json
from typing import Any

import keras_tuner

from components.tuner.space import Choices, Range, Space

# Significant digits of what is tried: fit for a recipe, and the same after a restart, whatever the last bits are.
_DIGITS = 4


def hyperparameters_of(space: Space) -> keras_tuner.HyperParameters:
    """One hyperparameter for each key, with the key as its name."""
    found = keras_tuner.HyperParameters()
    for key, entry in space.items():
        if isinstance(entry, Choices):
            found.Choice(key, _encode(entry.values))
        else:
            number = found.Int if isinstance(entry.low, int) else found.Float
            number(key, entry.low, entry.high, sampling="log" if entry.log else "linear")
    return found


def rounded(space: Space, values: dict[str, Any]) -> dict[str, Any]:
    """What KerasTuner chose, the numbers from ranges rounded, to no less and no more than the range allows."""
    return {key: _rounded(space[key], value) for key, value in values.items()}


def _rounded(entry: Choices | Range, value: Any) -> Any:
    if isinstance(entry, Choices) or isinstance(value, int):
        return value
    return min(max(float(f"{value:.{_DIGITS}g}"), entry.low), entry.high)


def _encode(values: tuple[Any, ...]) -> list[Any]:
    """Numbers of one kind as they are, so that KerasTuner knows their order; all else as JSON."""
    if {type(value) for value in values} in ({int}, {float}):
        return list(values)
    return [json.dumps(value) for value in values]
