"""Holds one limit, what was measured against it, and the rule of its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from visage.evaluation.metrics.spec import MetricSpec
from visage.evaluation.settings import EvaluatorSettings, Evidence
from visage.evaluation.statistics.intervals import LEAST_PEOPLE, Interval

Verdict = Literal["passed", "failed", "not gated"]
# Roles of the models that a candidate is compared with, as the prediction table names them.
Comparison = Literal["baseline", "reference"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


@dataclass(frozen=True)
class Gate:
    """One limit and what was measured against it.

    Attributes:
        name: the setting that holds the limit, e.g. 'age_mae_max'.
        metric: whose figure it limits.
        slice: 'overall', or e.g. 'gender female'.
        limit: the highest value allowed if `name` ends in '_max', else the lowest.
        evidence: that decides.
        verdict: 'not gated' of a group with too few people.
        measured: in the unit of the metric. Of a comparison or a gap: how much worse (negative: better). None where it
            cannot be measured; the gate then fails.
        interval: of `measured`, with 95 % confidence; None where there is none.
        records: number of records of known truth.
        people: number of people that they show.
        compared_with: 'baseline' (the blessed model), 'reference', or None.
        other: figure of the model that it is compared with; of a gap, the one that the group's ages let expect.
        p_value: of a comparison with evidence 'harm', corrected for the number of comparisons; else None.
        smallest_detectable: of a comparison: the least worsening that these records detect 8 times in 10.
        reason: one line where the figure alone does not explain the verdict.
        title: of what is limited, for people.
        unit: symbol of the unit, as of `Unit.symbol`.
        compared_digest: digest of the model that it is compared with; None: there is none, or it is not known.
    """

    name: str
    metric: str
    slice: str
    limit: float
    evidence: Evidence
    verdict: Verdict
    measured: float | None
    interval: Interval | None = None
    records: int = 0
    people: int = 0
    compared_with: Comparison | None = None
    other: float | None = None
    p_value: float | None = None
    smallest_detectable: float | None = None
    reason: str | None = None
    title: str = ""
    unit: str = ""
    compared_digest: str | None = None

    @property
    def relation(self) -> str:
        """Returns 'at most' or 'at least'."""
        return relation(self.name)


def limits_a_change(limit_name: str, compared_with: Comparison | None) -> bool:
    """Returns whether a limit is on a difference: from another model, or from the others of the same ages."""
    return compared_with is not None or limit_name.endswith("_gap_max")


def relation(limit_name: str) -> str:
    """Returns 'at most' or 'at least', by the setting that holds a limit."""
    return "at most" if limit_name.endswith("_max") else "at least"


def blessed(gates: Sequence[Gate]) -> bool:
    """Returns whether the model may be pushed: gates exist, and none has failed."""
    return any(gate.verdict == "passed" for gate in gates) and all(gate.verdict != "failed" for gate in gates)


def with_compared(gates: Sequence[Gate], digests: Mapping[Comparison, str]) -> list[Gate]:
    """Returns the gates with the digest of the model that each is compared with.

    Args:
        gates: of one evaluation.
        digests: of the compared models by role.
    """
    return [
        replace(gate, compared_digest=digests.get(gate.compared_with)) if gate.compared_with else gate for gate in gates
    ]


def display(spec: MetricSpec) -> dict[str, Any]:
    """Returns what a gate shows of the metric that it limits."""
    return {"title": spec.title, "unit": spec.unit.symbol}


def decided(gate: Gate, higher_is_better: bool, value: float, interval: Interval | None) -> Gate:
    """Returns the gate with its verdict, by the end of the interval that its evidence looks at."""
    if gate.evidence == "point":
        decisive = value
    elif interval is None:
        return replace(gate, reason="too few people for an interval")
    else:
        good, bad = (interval.high, interval.low) if higher_is_better else (interval.low, interval.high)
        decisive = bad if gate.evidence == "safe" else good
    met = decisive >= gate.limit if higher_is_better else decisive <= gate.limit
    return replace(gate, verdict="passed" if met else "failed")


def unless_few(settings: EvaluatorSettings, gate: Gate) -> Gate:
    """Returns the gate of a group undecided where the group has too few people; an empty group never passes."""
    if gate.measured is None:
        return gate
    if gate.people < settings.min_people:
        few = f"{gate.people} people, below min_people {settings.min_people}"
    elif gate.people < LEAST_PEOPLE and gate.interval is None and gate.evidence == "harm":
        few = f"{gate.people} people, too few for an interval"
    else:
        return gate
    return replace(gate, verdict="not gated", p_value=None, reason=few)
