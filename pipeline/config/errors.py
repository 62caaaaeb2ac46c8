"""Words the errors of a configuration: one line for each."""

import datetime
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.config.key_types import below, without_none
from pipeline.config.schema import PipelineConfig
from visage.errors import shortened
from visage.names import did_you_mean
from visage.settings import plain_message

KEYS_OF_A_FILE = ("extends", "preset", "presets")
"""Keys at the top of a configuration file that are no settings."""

_Location = tuple[int | str, ...]


def explain(error: ValidationError, path: Path | str, set_keys: Sequence[str], option: str = "--set") -> str:
    """Returns a line for each error, unknown keys first, because missing values may be below them.

    Args:
        error: of `PipelineConfig`.
        path: the configuration file.
        set_keys: keys that the command line sets.
        option: by which it sets them.
    """
    by_key: dict[_Location, list[Any]] = {}
    for detail in error.errors():
        by_key.setdefault(_of_key(detail["loc"]), []).append(detail)
    # An alternative of a type whose error is deeper has looked into the value: it says most.
    deepest = [key for key in by_key if not any(len(one) > len(key) and one[: len(key)] == key for one in by_key)]
    keys = sorted(deepest, key=lambda key: by_key[key][0]["type"] != "extra_forbidden")
    return "\n".join(_explain(key, by_key[key], path, set_keys, option) for key in keys)


def _explain(key: _Location, details: Sequence[Any], path: Path | str, set_keys: Sequence[str], option: str) -> str:
    """Returns one line: the file or option, the key, the error, what is allowed."""
    where = _where(".".join(shortened(str(part)) for part in key), path, set_keys, option)
    kind, value = details[0]["type"], details[0]["input"]
    if kind == "extra_forbidden":
        allowed = allowed_keys(key[:-1])
        hint = did_you_mean(str(key[-1]), allowed)
        return f"{where}: unknown key; {hint + ' ' if hint else ''}allowed: {', '.join(allowed)}"
    if kind == "model_type":
        return f"{where}: must hold keys ({', '.join(allowed_keys(key))}), not {written(value)}"
    # An alternative that looked into the value says most.
    looked = [detail for detail in details if detail["type"] == "value_error"]
    if looked:
        details, kind = looked, "value_error"
    message = _either([plain_message(detail) for detail in details])
    return f"{where}: {message}" if kind in ("value_error", "missing") else f"{where}: {message}, not {written(value)}"


def _either(messages: Sequence[str]) -> str:
    """Returns one message for the alternatives of a value, e.g. an integer or a word."""
    first, *others = dict.fromkeys(messages)
    return " or ".join((first, *(other.removeprefix("must be ") for other in others)))


def written(value: Any) -> str:
    """Returns a value as YAML, texts in quotes, shortened."""
    return shortened(_in_yaml(value))


def _in_yaml(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return yaml.safe_dump(value).split("\n")[0]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_in_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_in_yaml(key)}: {_in_yaml(below)}' for key, below in value.items())}}}"
    return str(value) if isinstance(value, datetime.date) else repr(value)


def _where(key: str, path: Path | str, set_keys: Sequence[str], option: str) -> str:
    """Returns the option that sets `key`; else the file, and the option too if it sets keys below `key`."""
    if any(key == name or key.startswith(f"{name}.") for name in set_keys):
        return f"{option} {key}"
    where = f"{path} and {option}" if any(name.startswith(f"{key}.") for name in set_keys) else str(path)
    return f"{where}: {key}" if key else where


def _of_key(location: _Location) -> _Location:
    """Returns the key of a pydantic error's location, without pydantic's own parts."""
    annotation: Any = PipelineConfig
    key: list[int | str] = []
    for part in location:
        annotation = without_none(annotation)
        if part == "[key]":  # the error is in the key of a mapping
            continue
        if get_origin(annotation) in (Union, types.UnionType):
            # The part names an alternative of the type, no key of the file.
            annotation = next((one for one in get_args(annotation) if get_origin(one) in (list, tuple, dict)), None)
            continue
        key.append(part)
        annotation = below(annotation, part)
    return tuple(key)


def allowed_keys(location: _Location) -> list[str]:
    """Returns the allowed keys below the key at `location`, or at the top of a file."""
    annotation: Any = PipelineConfig
    for part in location:
        annotation = below(without_none(annotation), part)
    model = without_none(annotation)
    assert issubclass(model, BaseModel)
    return sorted((*model.model_fields, *(() if location else KEYS_OF_A_FILE)))
