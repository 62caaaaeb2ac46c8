"""Reads the configuration file, and words its errors for users."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.config.errors import KEYS_OF_A_FILE, explain, written
from pipeline.config.key_types import read_value
from pipeline.config.renames import renamed_in
from pipeline.config.schema import SOURCE, PipelineConfig
from pipeline.config.yaml import read_yaml
from visage.errors import VisageError, shortened
from visage.names import near_names
from visage.paths import as_literal, check_local, check_no_url, expand
from visage.settings import AS_WRITTEN


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    data_dir: Path | None = None,
    source: str | None = None,
    with_images: bool = True,
) -> PipelineConfig:
    """Reads a configuration file, the files that it extends, and the command line's overrides.

    Args:
        path: a YAML file; its key `extends` names another one, relative to it, whose values it inherits. If it has
            `presets`, its key `preset` chooses the one whose values it adds.
        overrides: `key.path=value` texts, the value in YAML.
        data_dir: folder with the archives; replaces `data.dir`.
        source: one that a command names in addition to `data.sources`; it may have an entry in `data.labelled_folders`.
        with_images: False: the images do not matter, so a folder of theirs may be missing and is left out.

    Raises:
        VisageError: a file is missing or not YAML, a key is unknown or renamed, or a value is invalid.
    """
    values = _read_with_extends(path, seen=())
    set_by_hand: dict[str, Any] = {}
    for override in overrides:
        _apply_override(set_by_hand, override)
    presets = values.get("presets")
    _refuse_renamed(set_by_hand, "--set ", presets if isinstance(presets, Mapping) else ())
    if "presets" in values:
        values, overrides = _take_preset(values, overrides, path)
    elif any(override.startswith("preset=") for override in overrides):
        raise VisageError(f"--set preset: {path} has no presets; docs/recipes.md has the recipes with presets")
    for override in overrides:
        _apply_override(values, override)
    if data_dir is not None:
        try:
            check_local(str(data_dir))
        except ValueError as error:
            raise VisageError(f"--data-dir: {error}") from None
        # The shell has expanded it already.
        values = _merge(values, {"data": {"dir": as_literal(data_dir)}})
    if not with_images:
        # A labelled folder among the sources needs a folder.
        values = _merge(values, {"data": {"dir": as_literal(Path.cwd()), "spans": None}})
    config = _validated(values, path, overrides, source)
    folder = config.data.root if config.data.by_span else data_dir
    if data_dir is not None and folder is not None and not folder.is_dir():
        raise VisageError(f"--data-dir: {folder} does not exist; name the folder that holds the archives")
    return config


def _validated(values: Mapping[str, Any], path: Path, overrides: Sequence[str], source: str | None) -> PipelineConfig:
    try:
        return PipelineConfig.model_validate(values, context={AS_WRITTEN: True, SOURCE: source})
    except ValidationError as error:
        set_keys = [override.partition("=")[0] for override in overrides]
        raise VisageError(explain(error, path, set_keys)) from None


def config_files(path: Path) -> list[Path]:
    """Returns a configuration file that `load_config` takes, and those that it extends."""
    files = [path]
    while (base := _read_yaml(files[-1]).get("extends")) is not None:
        files.append(files[-1].parent / expand(base))
    return files


def _read_with_extends(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise VisageError(f"{path}: `extends` leads back to itself")
    values = _read_yaml(path)
    _refuse_renamed(values, f"{path}: ")
    for key in values:
        if near := near_names(str(key), KEYS_OF_A_FILE):
            # Without its base, a file lacks many keys, whose lines would hide the typo.
            raise VisageError(f"{path}: {shortened(str(key))}: unknown key; did you mean {near[0]}?")
    base = values.pop("extends", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise VisageError(f"{path}: extends: must be the path of another configuration file, not {written(base)}")
    try:
        base = expand(base)
        check_no_url(base)
        extended = path.parent / base
    except ValueError as error:
        raise VisageError(f"{path}: extends: {error}") from None
    if not extended.exists():
        raise VisageError(f"{path}: extends: there is no {extended}; name a file relative to this one")
    return _merge(_read_with_extends(extended, (*seen, path.resolve())), values)


def _take_preset(values: dict[str, Any], overrides: Sequence[str], path: Path) -> tuple[dict[str, Any], Sequence[str]]:
    """Merges the values of the chosen preset into a recipe.

    Returns:
        The values without `preset` and `presets`, and the overrides that are left.
    """
    choices = [override for override in overrides if override.startswith("preset=")]
    for choice in choices:
        _apply_override(values, choice)
    presets, preset = values.pop("presets"), values.pop("preset", None)
    if not isinstance(presets, dict) or not all(isinstance(one, dict) for one in presets.values()):
        raise VisageError(f"{path}: presets: must hold a name for each preset, and keys and values below it")
    if not isinstance(preset, str) or preset not in presets:
        where = "--set " if choices else f"{path}: "
        _refuse_renamed({"preset": preset}, where, presets)
        raise VisageError(f"{where}preset: must be {' or '.join(map(str, presets))}, not {written(preset)}")
    return _merge(values, presets[preset]), [override for override in overrides if override not in choices]


def _refuse_renamed(values: Mapping[str, Any], where: str, presets: Container[str] | None = None) -> None:
    if lines := [where + line for line in renamed_in(values, presets)]:
        raise VisageError("\n".join(lines))


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VisageError(
            f"{path}: the configuration file does not exist; run in the project's folder or name one"
        ) from None
    except OSError as error:
        raise VisageError(f"{path}: cannot be read ({error.strerror}); name a YAML file that may be read") from None
    except UnicodeDecodeError as error:
        raise VisageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise VisageError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(values, dict):
        raise VisageError(f"{path}: must hold keys and values, see pipeline_config.yaml")
    return values


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `base` updated by `change`: mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in change.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise VisageError(f"--set {shortened(override)}: write key.path=value, e.g. --set trainer.epochs=3")
    value = read_value("--set", key, text)
    *parents, leaf = key.split(".")
    if not parents and leaf in ("extends", "presets"):
        raise VisageError(f"--set {leaf}: {leaf} is for files: write it into one")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise VisageError(f"--set {shortened(override)}: {parent} holds a value, no keys")
    values[leaf] = value
