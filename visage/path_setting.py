"""Defines the types of the configuration's paths, which are expanded if a person wrote them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from visage.paths import check_local, expand

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
    return path


ExpandedPath = Annotated[str, BeforeValidator(_read)]
"""A path, or an address of a bucket, in which `~` and variables are expanded."""

LocalPath = Annotated[str, BeforeValidator(_read_local)]
"""A path of this machine in which `~` and variables are expanded."""
