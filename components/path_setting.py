"""The types of the configuration's paths, which are expanded where a person wrote them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from components.paths import check_local, expand

# Key of pydantic's validation context: true where values are as a person wrote them, false where they were read before.
AS_WRITTEN = "as_written"


def _read(value: Any, info: ValidationInfo) -> Any:
    """Expands a path where a person wrote it. What was expanded once may hold a dollar sign of its own."""
    if not isinstance(value, str) or not (info.context or {}).get(AS_WRITTEN):
        return value
    return expand(value)


def _read_local(value: Any, info: ValidationInfo) -> Any:
    path = _read(value, info)
    if not isinstance(path, str) or not (info.context or {}).get(AS_WRITTEN):
        return path
    check_local(path)
    return path


ExpandedPath = Annotated[str, BeforeValidator(_read)]
"""A path, or an address of a bucket, in which `~` and variables are expanded."""

LocalPath = Annotated[str, BeforeValidator(_read_local)]
"""A path of this machine in which `~` and variables are expanded."""
