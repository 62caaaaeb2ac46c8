"""Waivers: a named person lets one model through that a limit withholds, with a reason and until a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from visage.errors import VisageError
from visage.files import write_atomically


@dataclass(frozen=True)
class Waiver:
    """A decision to push one model in spite of a failed limit.

    Attributes:
        model: URI of the `Model` artifact.
        by: name of the person who answers for it.
        reason: of the decision.
        until: last day on which the model may be pushed by it.
        made: day of the decision.
    """

    model: str
    by: str
    reason: str
    until: date
    made: date


_ADAPTER = TypeAdapter(list[Waiver])


def read_waivers(file: Path) -> list[Waiver]:
    """Returns the waivers of a pipeline, the oldest first; none without a file.

    Raises:
        VisageError: the file is damaged.
    """
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except FileNotFoundError:
        return []
    except ValidationError:
        raise VisageError(f"{file}: is damaged; remove it, and waive again") from None


def add_waiver(file: Path, waiver: Waiver) -> None:
    """Adds a waiver to those of a pipeline.

    Raises:
        VisageError: the file is damaged, or cannot be written.
    """
    write_atomically(file, _ADAPTER.dump_json([*read_waivers(file), waiver], indent=1) + b"\n")


def valid_waiver(waivers: Sequence[Waiver], model: str, today: date) -> Waiver | None:
    """Returns the newest waiver of a model that holds today; None without one."""
    return next((each for each in reversed(waivers) if each.model == model and today <= each.until), None)
