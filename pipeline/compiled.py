"""Reads the text of a compiled pipeline without TFX."""

import base64
import binascii
import gzip
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from visage.errors import VisageError
from visage.paths import instead_of_url, is_url

INLINE_PREFIX = "gzip+base64:"
CONFIGURATION = "visage"
"""Key of `platform_configs` under which a compiled pipeline holds its configuration, a message with JSON."""

# Keys under which a compiled pipeline names classes by their whole path.
_CLASSES = ("class_path", "op_type")


def read_compiled(source: str) -> str:
    """Returns the JSON of a compiled pipeline.

    Args:
        source: a file's path, or the text that `pipeline.node.to_inline` made.

    Raises:
        VisageError: the file does not exist, is no compiled pipeline, or is of another version.
    """
    if is_url(source):
        raise VisageError(f"--pipeline {source[:80]}: this is an address, not a path; {instead_of_url(source)}")
    try:
        if source.startswith(INLINE_PREFIX):
            text = gzip.decompress(base64.b64decode(source.removeprefix(INLINE_PREFIX))).decode()
        else:
            text = Path(source).read_text(encoding="utf-8")
        values = json.loads(text)
    except FileNotFoundError:
        raise VisageError(f"--pipeline: {source} does not exist; `visage compile` writes one") from None
    except (OSError, EOFError, ValueError, binascii.Error):
        raise not_compiled(source) from None
    if not isinstance(values, dict) or not values.get("nodes"):
        raise not_compiled(source)
    for module in sorted({path.rpartition(".")[0] for path in _classes_in(values)}):
        if module.startswith("components.") and not _exists(module):
            raise VisageError(
                f"--pipeline {source[:80]}: another version of VisAge compiled it (with {module}); write it again "
                "with `visage compile`"
            )
    return text


def read_configuration(source: str) -> dict[str, Any] | None:
    """Returns the configuration of a compiled pipeline; None: an earlier version compiled it.

    Args:
        source: as `read_compiled` takes it.

    Raises:
        VisageError: as `read_compiled`.
    """
    message = json.loads(read_compiled(source)).get("platform_configs", {}).get(CONFIGURATION)
    return None if message is None else json.loads(message["value"])


def not_compiled(source: str) -> VisageError:
    """Returns the error for a text that is no compiled pipeline."""
    return VisageError(f"--pipeline {source[:80]}: not a compiled pipeline; write it again with `visage compile`")


def _classes_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key in _CLASSES and isinstance(below, str):
                yield below
            yield from _classes_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from _classes_in(below)


def _exists(module: str) -> bool:
    """Returns whether a module exists; imports its packages, which are empty, but not the module."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
