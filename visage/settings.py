"""Defines the base class of all settings, and the types of their paths, expanded if a person wrote them."""

from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from visage.paths import check_local, check_no_url, expand


class Settings(BaseModel):
    """Settings that refuse unknown keys, cannot change after they are read, and hold finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name
        allowed = _plain_types(cls.model_fields[info.field_name].annotation)
        if _holds_a_bool(value) and {int, float} & allowed and bool not in allowed:
            raise PydanticCustomError("number_type", "must be a number")
        return value


# What is wrong, by the type of pydantic's error; the names in braces are those of its context.
_MESSAGES = {
    "missing": "is missing and has no default",
    "none_required": "must be null",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be greater than or equal to {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be less than or equal to {le}",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} character(s)",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} item(s)",
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "must be an integer"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    "finite_number": "must be a finite number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("string_type", "string_unicode"), "must be a text"),
    **dict.fromkeys(("list_type", "tuple_type"), "must be a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type"), "must hold keys and values"),
    "invalid_key": "must be a text",
}
# Their messages are our own.
_OURS = ("value_error", "number_type", "source")


def plain_message(detail: Any) -> str:
    """Returns the message for one of pydantic's errors, in the words of this project.

    Args:
        detail: one entry of `ValidationError.errors()`.
    """
    if detail["type"] in _OURS:
        return str(detail["msg"]).removeprefix("Value error, ")
    context = {
        name: f"{value:g}" if isinstance(value, float) else value for name, value in detail.get("ctx", {}).items()
    }
    return _MESSAGES.get(detail["type"], "is not allowed").format_map(context)


def _plain_types(annotation: Any) -> set[Any]:
    """Returns the types in an annotation such as `float | None` or `tuple[float, float]`."""
    parts = get_args(annotation)
    return set().union(*map(_plain_types, parts)) if parts else {annotation}


def _holds_a_bool(value: Any) -> bool:
    return any(map(_holds_a_bool, value)) if isinstance(value, list | tuple) else isinstance(value, bool)


# Key of pydantic's validation context: true where values are as a person wrote them, false where they were read before.
AS_WRITTEN = "as_written"


def _is_as_written(value: Any, info: ValidationInfo) -> bool:
    """Returns whether a value is a path that a person wrote; an expanded path may contain a dollar sign of its own."""
    return isinstance(value, str) and bool((info.context or {}).get(AS_WRITTEN))


def _read(value: Any, info: ValidationInfo) -> Any:
    return expand(value) if _is_as_written(value, info) else value


def _read_local(value: Any, info: ValidationInfo) -> Any:
    path = _read(value, info)
    if _is_as_written(path, info):
        check_local(path)
    elif isinstance(path, str):
        check_no_url(path)
    return path


ExpandedPath = Annotated[str, BeforeValidator(_read)]
"""A path, or an address of a bucket, in which `~` and variables are expanded."""

LocalPath = Annotated[str, BeforeValidator(_read_local)]
"""A path of this machine in which `~` and variables are expanded."""
