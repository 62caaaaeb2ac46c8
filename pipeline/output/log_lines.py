"""Owns the format of the lines that `visage run` and `visage node` print: text, or one JSON object a line.

`$VISAGE_LOG_FORMAT=json` chooses JSON. It is a variable, because schedulers set it for all tasks, and no compiled
pipeline depends on it. The output of the frameworks, in `runs/NAME/logs/`, keeps its formats. Imports nothing heavy.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Literal

from visage.errors import VisageError

VARIABLE = "VISAGE_LOG_FORMAT"
_FORMATS = ("text", "json")
Level = Literal["info", "warning", "error"]


class _State:
    """The format, and what all lines of this moment have in common; one per process, as its output is."""

    is_json = False
    fields: dict[str, Any] = {"pipeline": None, "run_id": None, "node": None, "execution_id": None}  # noqa: RUF012


def begin_lines() -> None:
    """Reads the format of the lines that follow.

    Raises:
        VisageError: the variable has another value.
    """
    chosen = os.environ.get(VARIABLE) or "text"
    if chosen not in _FORMATS:
        raise VisageError(f"${VARIABLE}: {chosen!r} is no format; set it to {' or '.join(_FORMATS)}")
    _State.is_json = chosen == "json"


@contextmanager
def own_lines() -> Iterator[None]:
    """Restores format and fields at the end of the `with` block, which is a command."""
    before = _State.is_json, _State.fields
    try:
        yield
    finally:
        _State.is_json, _State.fields = before


def lines_are_json() -> bool:
    """Returns whether lines are JSON."""
    return _State.is_json


def set_fields(**values: Any) -> None:
    """Sets fields of the lines that follow: `pipeline`, `run_id`, `node`, `execution_id`."""
    _State.fields = {**_State.fields, **values}


@contextmanager
def fields(**values: Any) -> Iterator[None]:
    """Sets fields of the lines that are printed inside the `with` block, by any thread."""
    before = _State.fields
    set_fields(**values)
    try:
        yield
    finally:
        _State.fields = before


def json_line(message: str, level: Level = "info", event: str = "message", **values: Any) -> str:
    """Returns a line as JSON, without a line break.

    Args:
        message: plain text, of one or more lines.
        level: its weight.
        event: what happened.
        values: further fields.
    """
    time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    line = {"time": time, "level": level, "event": event, "message": message, **_State.fields, **values}
    return json.dumps(line, default=str)


def error_text(text: str, level: Level = "error") -> str:
    """Returns the line of an error or of a warning for standard error, in the format of the command."""
    return json_line(text, level) if _State.is_json else f"visage: {text}"
