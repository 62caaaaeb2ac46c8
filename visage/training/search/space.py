"""The search space: the ranges and choices under `tuner.search`, checked against the recipe."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from visage.errors import quoted, shortened
from visage.names import did_you_mean
from visage.settings import plain_message
from visage.training.overrides import PREFIX, with_values
from visage.training.settings import TrainerSettings

# Checking as many takes about a second.
_COMBINATIONS = 5_000
# Keys that cannot be searched, and why.
_FIXED = {
    f"{PREFIX}epochs": "tuner.epochs sets the length of trials",
    f"{PREFIX}fine_tuning.epochs": "tuner.epochs sets the length of trials",
    # The cache key must contain the content of these files, not their names.
    f"{PREFIX}weights": "all trials start from the recipe's weights",
    f"{PREFIX}distillation.teacher": "all trials use the recipe's teacher",
    f"{PREFIX}seed": "a seed that trains best does so by chance",
    f"{PREFIX}checkpoint_steps": "it sets when a training is saved, and changes no model",
    f"{PREFIX}jit_compile": "it sets how fast a training is, and changes no model",
    f"{PREFIX}calibration": "it changes the predictions of the served model; trials are compared without it",
    f"{PREFIX}tta_flip": "it changes the predictions of the served model; trials are compared without it",
}
# Keys that change no model where another key is off: that key, and its values that mean off.
_OWNERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    f"{PREFIX}momentum": (f"{PREFIX}optimizer", ("adamw", "adam")),
    f"{PREFIX}distillation.alpha": (f"{PREFIX}distillation.teacher", (None,)),
    f"{PREFIX}fine_tuning.learning_rate": (f"{PREFIX}fine_tuning.epochs", (0,)),
    f"{PREFIX}fine_tuning.layer_decay": (f"{PREFIX}fine_tuning.epochs", (0,)),
    f"{PREFIX}step_schedule.factor": (f"{PREFIX}step_schedule.epochs", ((),)),
    f"{PREFIX}reduce_on_plateau.factor": (f"{PREFIX}reduce_on_plateau.patience", (None,)),
    f"{PREFIX}augmentation.erasing_fraction": (f"{PREFIX}augmentation.erasing", (0,)),
}


@dataclass(frozen=True)
class Choices:
    """A choice between values, as the recipe's key holds them: numbers, names, null, lists."""

    values: tuple[Any, ...]

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Returns the values to check where checking all is too slow: all of them, because none is more extreme."""
        return self.values


@dataclass(frozen=True)
class Range:
    """Any number from `low` to `high`, whole where both are; `log`: uniform in the logarithm."""

    low: float
    high: float
    log: bool

    @property
    def values(self) -> Sequence[Any]:
        """Returns all whole numbers of the range; of a continuous range both ends."""
        return range(int(self.low), int(self.high) + 1) if self.whole else (self.low, self.high)

    @property
    def whole(self) -> bool:
        """Returns whether only whole numbers are tried."""
        return isinstance(self.low, int)

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Returns the values to check where checking all is too slow: both ends, and one with few whole divisors."""
        return (self.low, self.low + 1, self.high) if self.whole else (self.low, self.high)


Space = dict[str, Choices | Range]


def read_space(search: Mapping[str, Any], recipe: TrainerSettings) -> Space:
    """Reads and checks `tuner.search`.

    Args:
        search: as in the configuration.
        recipe: the recipe that has the keys.

    Returns:
        The range or choice of each key, in the order of the configuration.

    Raises:
        ValueError: one line that names the key, what is wrong, and what is allowed.
    """
    space = {key: _read_key(key, written, recipe) for key, written in search.items()}
    _check_owners(space, recipe)
    _check_combinations(space, recipe)
    return space


def combinations(space: Space) -> int | None:
    """Returns the number of different trials; None where a continuous range makes them countless."""
    if any(isinstance(entry, Range) and not entry.whole for entry in space.values()):
        return None
    return math.prod(len(entry.values) for entry in space.values())


def _read_key(key: str, written: Any, recipe: TrainerSettings) -> Choices | Range:
    known = list(_keys(TrainerSettings, PREFIX))
    if f"{key}." == PREFIX:
        raise ValueError(f"search.{key}: write keys with all their dots, e.g. {PREFIX}batch_size: [32, 64]")
    if key not in known:
        raise ValueError(f"search.{shortened(key)}: no such key; {did_you_mean(key, known) or 'write trainer.KEY'}")
    if key in _FIXED:
        raise ValueError(f"search.{key}: cannot be searched: {_FIXED[key]}")
    if isinstance(written, list | tuple):
        return _read_choices(key, written, recipe)
    if isinstance(written, Mapping):
        return _read_range(key, written, recipe)
    raise ValueError(f"search.{key}: must be a list of values, or {{min: NUMBER, max: NUMBER}}, not {quoted(written)}")


def _read_choices(key: str, written: Sequence[Any], recipe: TrainerSettings) -> Choices:
    values = tuple(_checked(key, value, recipe) for value in written)
    for number, value in enumerate(values):
        if value in values[:number]:
            raise ValueError(f"search.{key}: {quoted(value)} is in the list twice")
    if len(values) < 2:
        raise ValueError(f"search.{key}: must list two values or more, not {quoted(list(written))}")
    return Choices(values)


def _read_range(key: str, written: Mapping[str, Any], recipe: TrainerSettings) -> Range:
    if not {"min", "max"} <= set(written) <= {"min", "max", "log"} or not isinstance(written.get("log", False), bool):
        raise ValueError(
            f"search.{key}: must be {{min: NUMBER, max: NUMBER}}, log: true besides, not {quoted(dict(written))}"
        )
    low, high = (_checked(key, written[end], recipe) for end in ("min", "max"))
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high)):
        raise ValueError(f"search.{key}: has no range: list the values to choose from, e.g. [{low!r}, {high!r}]")
    if low >= high:
        raise ValueError(f"search.{key}: the range is empty: min {low:g} must be below max {high:g}")
    log = written.get("log", False)
    if log and low <= 0:
        raise ValueError(f"search.{key}: min must be above 0 where log is true, not {low:g}")
    return Range(low, high, log)


def _checked(key: str, value: Any, recipe: TrainerSettings) -> Any:
    """Returns the value as the recipe holds it."""
    try:
        changed = with_values(recipe, {key: value})
    except ValidationError as error:
        raise ValueError(f"search.{key}: {quoted(value)} is not allowed: {plain_message(error.errors()[0])}") from None
    if _loss_of(changed) != _loss_of(recipe):
        raise ValueError(
            f"search.{key}: {quoted(value)} changes the loss, by which trials are compared, from the recipe's; "
            "run such recipes one by one"
        )
    return _value(changed, key)


def _value(recipe: TrainerSettings, key: str) -> Any:
    return functools.reduce(getattr, key.removeprefix(PREFIX).split("."), recipe)


def _check_owners(space: Space, recipe: TrainerSettings) -> None:
    for key, (owner, off) in _OWNERS.items():
        values = space[owner].values if owner in space else (_value(recipe, owner),)
        if key in space and all(value in off for value in values):
            found = " or ".join(map(json.dumps, values))
            raise ValueError(f"search.{key}: has no effect while {owner} is {found}; change that, or remove this key")


def _check_combinations(space: Space, recipe: TrainerSettings) -> None:
    """Refuses values that the recipe refuses in combination; of too many combinations only the extremes are checked."""
    tried: list[Sequence[Any]] = [entry.values for entry in space.values()]
    if math.prod(map(len, tried)) > _COMBINATIONS:
        tried = [entry.extremes for entry in space.values()]
    for values in itertools.islice(itertools.product(*tried), _COMBINATIONS):
        together = dict(zip(space, values, strict=True))
        try:
            with_values(recipe, together)
        except ValidationError as error:
            named = ", ".join(f"{key} {quoted(value)}" for key, value in together.items())
            raise ValueError(f"search: {named} are invalid together: {plain_message(error.errors()[0])}") from None


def _loss_of(recipe: TrainerSettings) -> tuple[Any, ...]:
    return recipe.spec.age_head, recipe.spec.gender_head, recipe.label_sigma


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yields every key that holds a value."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
