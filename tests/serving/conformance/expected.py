"""What an answer must be: its whole, a part, or its beginning."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Protocol


class Expected(Protocol):
    """Compares an answer's text with what TensorFlow Serving would answer."""

    def mismatch(self, text: str) -> str | None:
        """Returns what differs; None: nothing."""


@dataclass(frozen=True)
class Anything:
    """Any text, where only the code is known."""

    def mismatch(self, text: str) -> str | None:
        return None


@dataclass(frozen=True)
class Empty:
    """No text."""

    def mismatch(self, text: str) -> str | None:
        return f"expected nothing, got {text!r}" if text else None


@dataclass(frozen=True)
class Error:
    """Exactly this error text."""

    text: str

    def mismatch(self, text: str) -> str | None:
        found = error_text(text)
        return None if found == self.text else f"expected the error {self.text!r}, got {found!r}"


class TextWith:
    """A text with these parts, in this order; between them is what the specification leaves open."""

    def __init__(self, first: str, *more: str) -> None:
        self.parts = (first, *more)

    def mismatch(self, text: str) -> str | None:
        position = 0
        for part in self.parts:
            position = text.find(part, position)
            if position < 0:
                return f"expected {part!r}, got {text[:500]!r}"
            position += len(part)
        return None


class ErrorWith(TextWith):
    """An error text with these parts, in this order."""

    def mismatch(self, text: str) -> str | None:
        return super().mismatch(error_text(text))


@dataclass(frozen=True)
class Json:
    """Exactly this JSON document; floats may differ by a millionth."""

    document: Any

    def mismatch(self, text: str) -> str | None:
        found = _parsed(text)
        same = _equal(found, self.document, whole=True)
        return None if same else f"expected {self.document!r}, got {text[:500]!r}"


@dataclass(frozen=True)
class JsonWith:
    """A JSON document that has at least these members, at every level."""

    document: Any

    def mismatch(self, text: str) -> str | None:
        found = _parsed(text)
        same = _equal(found, self.document, whole=False)
        return None if same else f"expected at least {self.document!r}, got {text[:500]!r}"


@dataclass(frozen=True)
class Text:
    """Exactly this text, but for white space, where the spelling of numbers counts."""

    text: str

    def mismatch(self, text: str) -> str | None:
        found, wanted = "".join(text.split()), "".join(self.text.split())
        return None if found == wanted else f"expected {wanted!r}, got {found!r}"


def error_text(text: str) -> str:
    """Returns the text of REST's `{"error": ...}`; a text that is no such document itself."""
    found = _parsed(text)
    return str(found["error"]) if isinstance(found, dict) and set(found) == {"error"} else text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _equal(found: Any, wanted: Any, whole: bool) -> bool:
    if isinstance(wanted, dict):
        keys_fit = isinstance(found, dict) and (set(found) == set(wanted) if whole else set(wanted) <= set(found))
        return keys_fit and all(_equal(found[key], value, whole) for key, value in wanted.items())
    if isinstance(wanted, list):
        same_size = isinstance(found, list) and len(found) == len(wanted)
        return same_size and all(_equal(*pair, whole) for pair in zip(found, wanted, strict=True))
    if isinstance(wanted, float) and isinstance(found, float):
        return math.isclose(found, wanted, rel_tol=1e-6) or (math.isnan(found) and math.isnan(wanted))
    return type(found) is type(wanted) and bool(found == wanted)
