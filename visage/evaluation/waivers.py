"""Waivers: a named person lets one model through that limits withhold, with a reason and until a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from visage.errors import VisageError
from visage.evaluation.gates.gate import Comparison, Gate, limits_a_change, relation
from visage.evaluation.metrics.spec import UNITS
from visage.files import write_atomically
from visage.lock import locked

# In the folder of a pipeline: the decisions to push a model in spite of limits.
WAIVERS_FILE = "waivers.json"
# In the unit of the figure: machines with other instruction sets sum in another order.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class FailedLimit:
    """A limit that a model fails, and by how much.

    Attributes:
        name: the setting that holds the limit, e.g. 'age_mae_max'.
        slice: 'overall', or e.g. 'gender female'.
        compared_with: 'baseline', 'reference', or None.
        limit: as in `Gate`; None: an earlier version recorded neither the limit nor the figure.
        measured: as in `Gate`; None: the figure could not be measured, or is not recorded.
        unit: symbol of the unit of both.
        compared_digest: digest of the compared model; None: there is none, or it is not recorded.
    """

    name: str
    slice: str
    compared_with: Comparison | None = None
    limit: float | None = None
    measured: float | None = None
    unit: str = ""
    compared_digest: str | None = None

    def __str__(self) -> str:
        against = f", against the {self.compared_with} model" if self.compared_with else ""
        figures = f" ({self.figures})" if self.figures else ""
        return f"{self.name} of {self.slice}{against}{figures}"

    @property
    def figures(self) -> str:
        """Returns the figure and the limit, e.g. '4.65 years, limit at most 4.00 years'; '' if not recorded."""
        if self.limit is None:
            return ""
        unit = UNITS[self.unit]
        text = unit.text_of_change if limits_a_change(self.name, self.compared_with) else unit.text
        measured = "not measured" if self.measured is None else text(self.measured)
        return f"{measured}, limit {relation(self.name)} {text(self.limit)}"

    def is_same(self, other: FailedLimit) -> bool:
        """Returns whether both are the limit of the same setting, on the same records, against the same role."""
        return (self.name, self.slice, self.compared_with) == (other.name, other.slice, other.compared_with)

    def covers(self, failure: FailedLimit) -> bool:
        """Returns whether a waiver of this limit lets a failure through.

        The limit is no stricter, the figure no worse, and the compared model the same. What an earlier version did not
        record is not compared.
        """
        if not self.is_same(failure):
            return False
        if self.compared_digest is not None and failure.compared_digest != self.compared_digest:
            return False
        if self.limit is None or failure.limit is None:
            return True
        sign = 1 if relation(self.name) == "at most" else -1
        return sign * failure.limit >= sign * self.limit and self._is_no_worse(failure.measured, sign)

    def _is_no_worse(self, measured: float | None, sign: int) -> bool:
        if measured is None or self.measured is None:
            return measured is self.measured
        return sign * (measured - self.measured) <= _ROUNDING


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
        return tuple(limit for limit in failed_limits(gates) if not any(one.covers(limit) for one in self.limits))

    def shortfall(self, gates: Sequence[Gate]) -> str:
        """Returns which limits that the model fails are not covered, in one line; '' if all are."""
        uncovered = ", ".join(f"{limit}{self._given_for(limit)}" for limit in self.uncovered(gates))
        return f"the waiver of {self.by} does not cover {uncovered}" if uncovered else ""

    def lets_through(self, gates: Sequence[Gate]) -> bool:
        """Returns whether the model fails limits, and this decision covers each of them."""
        return bool(failed_limits(gates)) and not self.uncovered(gates)

    def _given_for(self, failure: FailedLimit) -> str:
        """Returns the figures or the model that the decision was given for; '' if it does not have the limit."""
        given = next((limit for limit in self.limits or () if limit.is_same(failure)), None)
        if given is None:
            return ""
        another = given.compared_digest is not None and given.compared_digest != failure.compared_digest
        return f", given for {f'another {given.compared_with} model' if another else given.figures}"


def failed_limits(gates: Sequence[Gate]) -> tuple[FailedLimit, ...]:
    """Returns the limits whose gates failed, in their order."""
    failed = (gate for gate in gates if gate.verdict == "failed")
    return tuple(
        FailedLimit(
            gate.name, gate.slice, gate.compared_with, gate.limit, gate.measured, gate.unit, gate.compared_digest
        )
        for gate in failed
    )


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


def valid_waivers(waivers: Sequence[Waiver], model: str, today: date) -> list[Waiver]:
    """Returns the waivers of a model that hold today, in their order."""
    return [each for each in waivers if each.model == model and today <= each.until]


def select_waiver(waivers: Sequence[Waiver], gates: Sequence[Gate]) -> Waiver | None:
    """Returns the newest waiver that covers every limit that failed, else the newest; None without one.

    Args:
        waivers: valid ones of the model, the oldest first.
        gates: of its evaluation.
    """
    newest_first = list(reversed(waivers))
    return next((each for each in newest_first if not each.uncovered(gates)), next(iter(newest_first), None))
