"""Words the gates for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visage.evaluation.gates.gate import Comparison, Gate, limits_a_change
from visage.evaluation.metrics.spec import UNITS, Unit
from visage.html.page import NOTHING
from visage.model_card.views.figures import signed


@dataclass(frozen=True)
class GateRow:
    """One gate, as text; a dash where there is nothing to say.

    Attributes:
        records: on which records.
        measured: what was measured.
        interval: of it, and the p-value of a test.
        people: number of people.
        other: the figure that it is compared with.
        detectable: the least worsening that the records could have shown.
        verdict: 'passed', 'failed' or 'not gated'.
        outcome: the verdict for people.
        reason: why, where the figure does not say it; '' where it does.
    """

    records: str
    measured: str
    interval: str
    people: int
    other: str
    detectable: str
    verdict: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class GateBlock:
    """The gates of one limit: what is limited, the limit with the evidence that it needs, and its gates."""

    title: str
    limit: str
    evidence: str
    rows: Sequence[GateRow]


def gate_blocks(
    gates: Sequence[Gate], others: Mapping[str, str], independence_unknown: Mapping[Comparison, str]
) -> list[GateBlock]:
    """Returns the gates by their limits, in the order of the first gate of each.

    Args:
        gates: of the evaluation.
        others: what the models are called that the candidate is compared with, by role.
        independence_unknown: as in `Evaluation`.
    """
    marked = {
        role: f"{name} (not known to be independent)" if role in independence_unknown else name
        for role, name in others.items()
    }
    found: dict[tuple[str, str, str], list[GateRow]] = {}
    for gate in gates:
        found.setdefault((_title(gate, marked), _limit(gate), gate.evidence), []).append(_row(gate))
    return [GateBlock(*limit, rows) for limit, rows in found.items()]


def _row(gate: Gate) -> GateRow:
    unit = UNITS[gate.unit]
    outcome = {"passed": "✓ met", "not gated": "not gated"}.get(gate.verdict, "✗ not met")
    return GateRow(
        records="all records" if gate.slice == "overall" else gate.slice.replace("_", " "),
        measured=_measured(gate.measured, unit, limits_a_change(gate.name, gate.compared_with)),
        interval=_interval(gate, unit),
        people=gate.people,
        other=NOTHING if gate.other is None else unit.text(gate.other),
        detectable=NOTHING if gate.smallest_detectable is None else unit.text_of_change(gate.smallest_detectable),
        verdict=gate.verdict,
        outcome="✗ not measured" if gate.verdict == "failed" and gate.measured is None else outcome,
        reason=gate.reason or "",
    )


def independence_notes(others: Mapping[str, str], independence_unknown: Mapping[Comparison, str]) -> list[str]:
    """Returns a sentence for each model that is not known to be independent of the measured split.

    Args:
        others: as in `gate_blocks`.
        independence_unknown: as in `Evaluation`.
    """
    return [
        f"The {others[role]} is not known to be independent of these records: {why}. Its figures may be too good."
        for role, why in independence_unknown.items()
    ]


def _title(gate: Gate, others: Mapping[str, str]) -> str:
    if gate.compared_with is not None:
        return f"{gate.title}, against the {others[gate.compared_with]}"
    if gate.name.endswith("_gap_max"):
        return f"{gate.title}, against all records of the same ages"
    return gate.title


def _limit(gate: Gate) -> str:
    unit = UNITS[gate.unit]
    if limits_a_change(gate.name, gate.compared_with):
        return f"at most {unit.text_of_change(gate.limit)} worse"
    return f"{gate.relation} {unit.text(gate.limit)}"


def _measured(value: float | None, unit: Unit, is_change: bool) -> str:
    """Returns a figure; a change in words, because its sign alone would be ambiguous."""
    if value is None:
        return NOTHING
    if not is_change:
        return signed(unit.text(value))
    return f"{unit.text_of_change(abs(value))} {'worse' if value >= 0 else 'better'}"


def _interval(gate: Gate, unit: Unit) -> str:
    parts = []
    if gate.interval is not None:
        parts.append(f"{signed(unit.number(gate.interval.low))} to {signed(unit.number(gate.interval.high))}")
    if gate.p_value is not None:
        parts.append("p < 0.001" if gate.p_value < 0.001 else f"p = {gate.p_value:.3f}")
    return ", ".join(parts) or NOTHING
