"""Finds what a path of TensorFlow Serving's REST API names.

Source: TensorFlow Serving, model_servers/http_rest_api_util.cc.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from serving.core.errors import Code, ServingError
from serving.core.model_spec import ModelSpec

_FLAGS = re.IGNORECASE | re.ASCII
_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:?]+))?"
_INFERENCE = re.compile(rf"/v1/models/(?P<name>[^/:?]+){_VERSION}:(?P<what>classify|regress|predict)", _FLAGS)
_MODEL = re.compile(rf"/v1/models(?:/(?P<name>[^/:?]+))?{_VERSION}(?:/(?P<what>metadata|visage))?", _FLAGS)
_API = re.compile(r"/v1/.*", _FLAGS | re.DOTALL)
_MOST_DIGITS = len(str(2**63 - 1))


@dataclass(frozen=True)
class Target:
    """What a request names.

    Attributes:
        spec: the model.
        what: "predict", "classify" or "regress"; "status", "metadata" or "visage".
    """

    spec: ModelSpec
    what: str


def raw_path(scope: Scope) -> str:
    """Returns the path with its query as they were sent, which is what TensorFlow Serving matches and reports."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path).decode("utf-8", "surrogateescape")


def is_api(path: str) -> bool:
    """Returns whether a path is one of the REST API, be it a wrong one."""
    return _API.fullmatch(path) is not None


def find_target(method: str, path: str) -> Target:
    """Returns what a request names.

    Args:
        method: "GET", "POST" or another.
        path: as it was sent, with its query.

    Raises:
        ServingError: it names nothing that there is.
    """
    match = _INFERENCE.fullmatch(path) if method == "POST" else _MODEL.fullmatch(path) if method == "GET" else None
    if match is None:
        raise ServingError(Code.INVALID_ARGUMENT, f"Malformed request: {method} {path}")
    version = _number(match["version"])
    if match["name"] is None:
        raise ServingError(Code.INVALID_ARGUMENT, "Missing model name in request.")
    label = match["label"] and _unescaped(match["label"])
    return Target(ModelSpec(_unescaped(match["name"]), version, label), (match["what"] or "status").lower())


def _number(digits: str | None) -> int | None:
    if digits is None:
        return None
    # Python refuses to parse some thousand digits.
    significant = digits.lstrip("0") or "0"
    if len(significant) > _MOST_DIGITS or int(significant) >= 2**63:
        raise ServingError(Code.INVALID_ARGUMENT, f"Failed to convert version: {digits} to numeric.")
    return int(significant)


def _unescaped(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
