"""Waivers: a named person lets one model through that limits withhold, with a reason and until a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from visage.errors import VisageError
from visage.evaluation.gates.gate import Comparison, Gate
from visage.files import write_atomically
from visage.lock import locked

# In the folder of a pipeline: the decisions to push a model in spite of limits.
WAIVERS_FILE = "waivers.json"


@dataclass(frozen=True)
class FailedLimit:
    """A limit that a model fails, as the names of its gate tell it from others.

    Attributes:
        name: the setting that holds the limit, e.g. 'age_mae_max'.
        slice: 'overall', or e.g. 'gender female'.
        compared_with: 'baseline', 'reference', or None.
    """

    name: str
    slice: str
    compared_with: Comparison | None = None

    def __str__(self) -> str:
        against = f", against the {self.compared_with} model" if self.compared_with else ""
        return f"{self.name} of {self.slice}{against}"


@dataclass(frozen=True)
class Waiver:
    """A decision to push one model in spite of limits that it fails.

    Attributes:
        model: URI of the `Model` artifact.
        by: name of the person who answers for it.
        reason: of the decision.
        until: last day on which the model may be pushed by it.
        made: day of the decision.
        limits: that the model failed when the waiver was given; it covers no others. None: an earlier version recorded
            it, without limits; it covers all, as that version told the person who gave it.
    """

    model: str
    by: str
    reason: str
    until: date
    made: date
    limits: tuple[FailedLimit, ...] | None = None

    def uncovered(self, gates: Sequence[Gate]) -> tuple[FailedLimit, ...]:
        """Returns the limits that the model fails and that this decision does not cover."""
        if self.limits is None:
            return ()
        return tuple(limit for limit in failed_limits(gates) if limit not in self.limits)

    def shortfall(self, gates: Sequence[Gate]) -> str:
        """Returns which limits that the model fails are not covered, in one line; '' if all are."""
        uncovered = ", ".join(map(str, self.uncovered(gates)))
        return f"the waiver of {self.by} does not cover {uncovered}" if uncovered else ""

    def lets_through(self, gates: Sequence[Gate]) -> bool:
        """Returns whether the model fails limits, and this decision covers each of them."""
        return bool(failed_limits(gates)) and not self.uncovered(gates)


def failed_limits(gates: Sequence[Gate]) -> tuple[FailedLimit, ...]:
    """Returns the limits whose gates failed, in their order."""
    failed = (gate for gate in gates if gate.verdict == "failed")
    return tuple(FailedLimit(gate.name, gate.slice, gate.compared_with) for gate in failed)


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
    """Adds a waiver to those of a pipeline; waits while another process adds one.

    Raises:
        VisageError: the file is damaged, or it or its lock cannot be written.
    """
    try:
        with locked(file.with_name(f"{file.name}.lock"), "waive"):
            write_atomically(file, _ADAPTER.dump_json([*read_waivers(file), waiver], indent=1) + b"\n")
    except OSError as error:
        raise VisageError(f"{file}: cannot be locked: {error.strerror}; make its folder writable") from None


def valid_waiver(waivers: Sequence[Waiver], model: str, today: date) -> Waiver | None:
    """Returns the newest waiver of a model that holds today; None without one."""
    return next((each for each in reversed(waivers) if each.model == model and today <= each.until), None)
