"""Gates on how much worse a group is than all records of the same ages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from visage.evaluation.adjustment import Adjusted, gaps_of
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import Gate, decided, display
from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import adjustable_metrics
from visage.evaluation.metrics.spec import MetricSpec
from visage.evaluation.settings import EvaluatorSettings, Limit
from visage.evaluation.slices import Slice, groups_of
from visage.evaluation.statistics.intervals import Interval


def gap_gates(settings: EvaluatorSettings, found: Evidences) -> Iterator[Gate]:
    """Yields a gate for each group of each limited feature."""
    for gate in settings.gap_gates:
        groups = groups_of(found.slices, gate.feature)
        for spec in adjustable_metrics():
            limit = getattr(gate, spec.gap_limit_name)
            if limit is None:
                continue
            gaps = gaps_of(spec, groups, found.adjusted, settings.min_people)
            for part in groups:
                crude = found.candidate[part.name].get(spec.name)
                yield _gap(settings, spec, limit, part, crude, *gaps.get(part.name, (None, None)))


def _gap(
    settings: EvaluatorSettings,
    spec: MetricSpec,
    limit: Limit,
    part: Slice,
    crude: Figure | None,
    adjusted: Adjusted | None,
    interval: Interval | None,
) -> Gate:
    gate = Gate(
        spec.gap_limit_name, spec.name, part.name, limit.limit, limit.evidence, "not gated", None, **display(spec)
    )
    people = crude.people if crude else 0
    if people and people < settings.min_people:
        few = f"{people} people, below min_people {settings.min_people}"
        return replace(gate, people=people, reason=few)
    if adjusted is not None and adjusted.gap.value is None:
        alone = f"only {adjusted.overlap:.0%} of its records have others of the same ages"
        return replace(gate, people=people, reason=alone)
    if adjusted is None or adjusted.gap.value is None:
        if crude is not None and crude.records:
            return replace(gate, verdict="failed", records=crude.records, people=crude.people, reason=spec.undefined)
        return replace(gate, people=part.people, reason=spec.no_truths)
    measured = adjusted.gap
    gate = replace(
        gate,
        measured=measured.value,
        interval=interval,
        records=measured.records,
        people=measured.people,
        other=adjusted.expected,
    )
    return decided(gate, False, adjusted.gap.value, interval)
