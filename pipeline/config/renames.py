"""The table of keys, values and commands renamed since the last release; the old name is an error with the new one.

An entry is removed after one release.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any

_KEYS = {
    "size": "preset",
    "sizes": "presets",
    "trainer.augmentation.erasing_share": "trainer.augmentation.erasing_fraction",
    "trainer.accumulate_steps": "trainer.gradient_accumulation_steps",
    "trainer.distillation.share": "trainer.distillation.alpha",
    "trainer.flip_averaged": "trainer.tta_flip",
    "trainer.frozen": "trainer.freeze",
    "trainer.jit": "trainer.jit_compile",
    "trainer.warm_up_steps": "trainer.warmup_steps",
}
# By the new name of the key.
_VALUES = {
    "preset": {"minutes": "head_only", "hours": "finetune", "gpu": "finetune_gpu"},
    "trainer.age_head": {"distribution": "label_distribution", "groups": "age_groups", "ordinal": "coral"},
}
_COMMANDS = {"data augmented": "data preview-augmentation", "data build": "data prepare"}
# Keys whose values are mappings of the file's own names to a recipe's keys.
_PRESETS = ("presets", "sizes")
# Its keys are whole paths.
_SEARCH = "tuner.search"


def renamed(key: str, value: Any = None) -> str | None:
    """Returns the line on the new name of a key or of its value; None: neither was renamed.

    >>> renamed("trainer.flip_averaged", True)
    'trainer.flip_averaged: renamed to trainer.tta_flip'
    >>> renamed("trainer.age_head", "groups")
    'trainer.age_head: groups: renamed to age_groups'
    >>> renamed("size", "hours")
    'size=hours: renamed to preset=finetune'
    """
    new = _KEYS.get(key)
    new_value = _VALUES.get(new or key, {}).get(value) if isinstance(value, str) else None
    if new is None:
        return f"{key}: {value}: renamed to {new_value}" if new_value else None
    return f"{key}={value}: renamed to {new}={new_value}" if new_value else f"{key}: renamed to {new}"


def renamed_in(values: Mapping[Any, Any], presets: Container[str] | None = None) -> Iterator[str]:
    """Yields a line for each renamed key and value of a configuration.

    Args:
        values: of a file or of the command line.
        presets: names of the recipe's own presets, which are valid although renamed elsewhere; None: unknown, all are.
    """
    for key, value in _flat(values):
        if key in ("preset", "size") and (presets is None or value in presets):
            value = None
        if line := renamed(key, value):
            yield line
        if key == _SEARCH and isinstance(value, Mapping):
            yield from (f"{key}: {line}" for name in value if (line := renamed(str(name))))
        if key in _PRESETS and isinstance(value, Mapping):
            for name, preset in value.items():
                if isinstance(preset, Mapping):
                    yield from (f"{key}.{name}: {line}" for line in renamed_in(preset))


def renamed_command(command: str) -> str | None:
    """Returns the line on the new name of a command, e.g. of 'data build'; None: it was not renamed."""
    new = _COMMANDS.get(command)
    return None if new is None else f"{command}: renamed to {new}"


def _flat(values: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every key by its whole path, with its value."""
    for key, value in values.items():
        path = f"{above}{key}"
        yield path, value
        if isinstance(value, Mapping) and path not in (*_PRESETS, _SEARCH):
            yield from _flat(value, f"{path}.")
