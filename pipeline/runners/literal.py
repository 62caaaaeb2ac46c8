"""Writes values as Python text in generated files."""

import re
from typing import Any

_WIDTH = 118


def literal(value: Any, column: int = 0, indent: int = 0) -> str:
    """Returns a value as Python text, which is the same in every process and formatted as ruff formats it.

    Args:
        value: text, numbers, booleans, None, lists and dicts of them.
        column: where the text starts in its line.
        indent: blanks at the start of that line.

    >>> literal({"a": ["x", 1]})
    '{"a": ["x", 1]}'
    """
    line = _in_one_line(value)
    if column + len(line) <= _WIDTH:
        return line
    inner = indent + 4
    blanks, end = " " * inner, " " * indent
    if isinstance(value, dict):
        keys = {key: f"{_in_one_line(key)}: " for key in value}
        rows = [f"{blanks}{key}{literal(value[name], inner + len(key), inner)},\n" for name, key in keys.items()]
        return "{\n" + "".join(rows) + end + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{blanks}{literal(one, inner, inner)},\n" for one in value) + end + "]"
    if isinstance(value, str) and (parts := _parts(value, _WIDTH - inner - 2))[1:]:
        return "(\n" + "".join(f"{blanks}{_in_one_line(part)}\n" for part in parts) + end + ")"
    return line


def _in_one_line(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_in_one_line(key)}: {_in_one_line(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_one_line, value)) + "]"
    text = repr(value)
    is_plain = isinstance(value, str) and '"' not in value and "'" not in value
    return f'"{text[1:-1]}"' if is_plain else text


def _parts(text: str, width: int) -> list[str]:
    """Returns a text in parts that end at blanks and have about `width` characters at most."""
    parts = [""]
    for word in re.findall(r"\S*\s*", text):
        if parts[-1] and len(parts[-1]) + len(word) > width:
            parts.append("")
        parts[-1] += word
    return parts
