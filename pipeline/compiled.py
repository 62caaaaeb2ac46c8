"""Reads and writes the text of a compiled pipeline without TFX.

A compiled pipeline is immutable, and its files are named by its digest: a run keeps the one that it began with,
whatever is compiled later.
"""

import base64
import binascii
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.distribution import own_version
from visage.errors import VisageError
from visage.files import write_atomically
from visage.paths import instead_of_url, is_url

INLINE_PREFIX = "gzip+base64:"
CONFIGURATION = "visage"
"""Key of `platform_configs` under which a compiled pipeline holds its configuration, a message with JSON."""
VERSION = "visage_version"
"""Key of `platform_configs` under which a compiled pipeline holds the version of VisAge that compiled it."""
_DIGITS = 12
# The names of `compiled_file`.
_NAMED = re.compile(rf".+-(?P<digest>[0-9a-f]{{{_DIGITS}}})\.ir\.json")

# Keys under which a compiled pipeline names classes by their whole path.
_CLASSES = ("class_path", "op_type")


def read_compiled(source: str) -> str:
    """Returns the JSON of a compiled pipeline.

    Args:
        source: a file's path, or the text that `pipeline.node.to_inline` made.

    Raises:
        VisageError: the file does not exist, cannot be read, is no compiled pipeline, is of another version, or was
            changed after its name was made of its digest.
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
    except PermissionError:
        raise VisageError(f"--pipeline: {source} cannot be read by this user; change its owner or its mode") from None
    except (OSError, EOFError, ValueError, binascii.Error):
        raise not_compiled(source) from None
    if not isinstance(values, dict) or not values.get("nodes") or not isinstance(values["nodes"], list):
        raise not_compiled(source)
    named = _NAMED.fullmatch(Path(source).name) if not source.startswith(INLINE_PREFIX) else None
    if named is not None and named["digest"] != digest_of_compiled(text):
        # Its configuration, which the record of the run keeps, may differ from what its nodes do.
        raise VisageError(
            f"--pipeline: {source} was changed after it was compiled; write it again with `visage compile`, and start "
            "a new run"
        )
    for module in sorted({path.rpartition(".")[0] for path in _classes_in(values)}):
        if module.startswith("components.") and not _exists(module):
            raise VisageError(
                f"--pipeline {source[:80]}: another version of VisAge compiled it (with {module}); write it again "
                "with `visage compile`"
            )
    compiled, own = _packed(values, VERSION), compiling_version()
    if compiled != own:
        raise VisageError(
            f"--pipeline {source[:80]}: {f'VisAge {compiled}' if compiled else 'an earlier VisAge'} compiled it, and "
            f"this is {own}; write it again with `visage compile`, or run it where that version is installed"
        )
    return text


def compiling_version() -> str:
    """Returns the version that compiles, and that runs what it has compiled; 'unknown' where it is not installed."""
    return own_version() or "unknown"


def digest_of_compiled(text: str) -> str:
    """Returns the name of a compiled pipeline: 12 hexadecimal digits of the SHA-256 of its JSON."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def compiled_file(folder: Path, stem: str, text: str) -> Path:
    """Returns the path of a compiled pipeline's file, e.g. 'faces-0123456789ab.ir.json'."""
    return compiled_file_of(folder, stem, digest_of_compiled(text))


def compiled_file_of(folder: Path, stem: str, digest: str) -> Path:
    """Returns the path of the file of the compiled pipeline with this digest."""
    return folder / f"{stem}-{digest}.ir.json"


def write_compiled(folder: Path, stem: str, text: str) -> Path:
    """Writes a compiled pipeline to its file, unless it is there.

    Returns: the path.

    Raises:
        VisageError: it cannot be written, or somebody has changed the file.
    """
    path = compiled_file(folder, stem, text)
    if not path.exists():
        write_atomically(path, text)
    elif path.read_text(encoding="utf-8", errors="replace") != text:
        raise VisageError(f"{path}: was changed after it was compiled; remove it, and compile again")
    return path


def workspace_of_compiled(text: str) -> Path:
    """Returns the pipeline's folder: artifacts, metadata, logs, pushed models.

    Raises:
        VisageError: the text names none.
    """
    try:
        root = json.loads(text)["runtime_spec"]["pipeline_root"]["runtime_parameter"]["default_value"]["string_value"]
    except (KeyError, TypeError):
        raise not_compiled(text) from None
    return Path(root).parent


def configuration_of(text: str) -> dict[str, Any] | None:
    """Returns the configuration of a compiled pipeline; None: it was compiled without one."""
    configuration = _packed(json.loads(text), CONFIGURATION)
    return None if configuration is None else json.loads(configuration)


def read_configuration(source: str) -> dict[str, Any] | None:
    """Returns the configuration of a compiled pipeline; None: an earlier version compiled it.

    Args:
        source: as `read_compiled` takes it.

    Raises:
        VisageError: as `read_compiled`.
    """
    return configuration_of(read_compiled(source))


def not_compiled(source: str) -> VisageError:
    """Returns the error for a text that is no compiled pipeline."""
    return VisageError(f"--pipeline {source[:80]}: not a compiled pipeline; write it again with `visage compile`")


def _packed(values: dict[str, Any], key: str) -> str | None:
    """Returns a text that the compiled pipeline holds for us; None: it has none."""
    try:
        return str(values["platform_configs"][key]["value"])
    except (KeyError, TypeError):
        return None


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
