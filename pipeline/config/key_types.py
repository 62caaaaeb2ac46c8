"""Finds the type of a key of the configuration, and reads a value of it from the command line."""

import types
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml import read_yaml
from visage.errors import VisageError, quoted, shortened


def read_value(option: str, key: str, text: str) -> Any:
    """Reads a value that a person gave to an option of the command line.

    The value is in YAML. A key whose values are texts takes anything else as it is written, so that `@weekly` and
    `*/4 * * * *`, which YAML forbids, and `2026-01-02`, which it takes for a date, need no quotes of YAML's.

    Args:
        option: for errors, e.g. '--set'.
        key: e.g. 'airflow.schedule'.
        text: the value.

    Raises:
        VisageError: it is not YAML.
    """
    kinds = _plain_types(_annotation(key.split(".")))
    try:
        value = read_yaml(text)
    except yaml.YAMLError as error:
        if str in kinds:
            return text
        problem = getattr(error, "problem", error)
        raise VisageError(
            f"{option} {shortened(f'{key}={text}')}: {quoted(text)} is not a YAML value: {problem}"
        ) from None
    return value if value is None or isinstance(value, str) or kinds - {str, type(None)} or not kinds else text


def _annotation(key: Sequence[str]) -> Any:
    """Returns the annotation of a key's value; None of an unknown key."""
    annotation: Any = PipelineConfig
    for part in key:
        annotation = below(without_none(annotation), part)
    return annotation


def below(annotation: Any, part: int | str) -> Any:
    """Returns the annotation of a key's value, or of a list's element; None of an unknown key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return field.annotation if field else None
    if get_origin(annotation) in (Union, types.UnionType):
        found = (below(without_none(one), part) for one in get_args(annotation))
        return next((one for one in found if one is not None), None)
    if get_origin(annotation) is Literal:
        return None
    arguments = [argument for argument in get_args(annotation) if argument is not Ellipsis]
    return arguments[-1] if arguments else None


def without_none(annotation: Any) -> Any:
    """Returns `X` for `X | None` and `Annotated[X, ...]`."""
    if get_origin(annotation) is Annotated:
        return without_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        alternatives = [one for one in get_args(annotation) if one is not type(None)]
        return without_none(alternatives[0]) if len(alternatives) == 1 else annotation
    return annotation


def _plain_types(annotation: Any) -> set[Any]:
    """Returns the types of the values that an annotation allows; lists and mappings as `list` and `dict`."""
    if annotation is None:
        return set()
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain_types(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set().union(*map(_plain_types, get_args(annotation)))
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}
    return {origin or annotation}
