"""Gates on how much worse a model is than the blessed one and the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from visage.evaluation.comparison import Worsening, holm
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import Comparison, Gate, Verdict, decided, display, unless_few
from visage.evaluation.metrics import limited_metrics
from visage.evaluation.metrics.spec import MetricSpec
from visage.evaluation.settings import EvaluatorSettings, Limit
from visage.evaluation.slices import OVERALL
from visage.evaluation.statistics import intervals


def comparisons(settings: EvaluatorSettings, found: Evidences) -> list[Gate]:
    """Returns the gates against other models; those with evidence `harm` are one family of tests."""
    found_gates = list(_uncorrected(settings, found))
    gates, worsenings = [gate for gate, _ in found_gates], [worsening for _, worsening in found_gates]
    tested = [place for place, gate in enumerate(gates) if gate.p_value is not None and gate.verdict != "not gated"]
    corrected = holm([gates[place].p_value or 0.0 for place in tested])
    for place, p_value in zip(tested, corrected, strict=True):
        verdict: Verdict = "failed" if p_value < 1 - intervals.CONFIDENCE else "passed"
        gates[place] = replace(gates[place], p_value=p_value, verdict=verdict)
    return [
        replace(gate, smallest_detectable=_detectable(gate, worsening, len(tested)))
        for gate, worsening in zip(gates, worsenings, strict=True)
    ]


def _detectable(gate: Gate, worsening: Worsening | None, tests: int) -> float | None:
    """Returns what the first of so many corrected tests detects; of other evidence, what an interval does."""
    if worsening is None:
        return None
    corrected = max(1, tests) if gate.evidence == "harm" else 1
    return worsening.smallest_detectable(gate.limit, (1 - intervals.CONFIDENCE) / corrected)


def _uncorrected(settings: EvaluatorSettings, found: Evidences) -> Iterator[tuple[Gate, Worsening | None]]:
    for spec, limits in limited_metrics():
        limit = getattr(settings, spec.change_limit_name) if limits.change is not None else None
        if limit is None:
            continue
        for role, why in found.refused.items():
            gate = Gate(spec.change_limit_name, spec.name, OVERALL, limit.limit, limit.evidence, "failed", None)
            yield replace(gate, compared_with=role, reason=f"the {role} model {why}", **display(spec)), None
        for role in found.others:
            yield _comparison(spec, limit, OVERALL, role, found)
            if limit.evidence != "harm":
                continue
            for part in found.slices:
                if len(part.values) == 1 and set(part.values) <= set(settings.slices):
                    gate, worsening = _comparison(spec, limit, part.name, role, found)
                    # A group of unknown labels has no figure, and is no group of people.
                    if gate.records:
                        yield unless_few(settings, gate), worsening


def _comparison(
    spec: MetricSpec, limit: Limit, slice: str, role: Comparison, found: Evidences
) -> tuple[Gate, Worsening | None]:
    figure, before = found.candidate[slice].get(spec.name), found.others[role][slice].get(spec.name)
    gate = Gate(
        spec.change_limit_name,
        spec.name,
        slice,
        limit.limit,
        limit.evidence,
        "failed",
        None,
        records=figure.records if figure else 0,
        people=figure.people if figure else 0,
        compared_with=role,
        other=before.value if before else None,
        **display(spec),
    )
    worsening = found.worsening(spec, slice, role)
    if worsening is None:
        measured = figure is not None and figure.value is not None
        whose = f"the {role} model" if measured else "the model"
        return replace(gate, reason=f"predictions of {whose} are missing or not finite numbers"), None
    return _tested(gate, worsening), worsening


def _tested(gate: Gate, worsening: Worsening) -> Gate:
    gate = replace(gate, measured=worsening.value, interval=worsening.interval)
    if gate.evidence == "safe" and worsening.interval is None and worsening.standard_error == 0:
        return replace(gate, reason="every person shows the same difference, which bounds no other one")
    if gate.evidence != "harm":
        return decided(gate, False, worsening.value, worsening.interval)
    if np.isnan(worsening.standard_error):
        return replace(gate, reason="too few people for a test")
    return replace(gate, p_value=worsening.p_value(gate.limit))
