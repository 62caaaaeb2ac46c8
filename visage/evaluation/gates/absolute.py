"""Gates on figures of the model itself: of all records, of groups, of age checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import Gate, decided, display, unless_few
from visage.evaluation.measurement import Figure
from visage.evaluation.metrics import limited_metrics
from visage.evaluation.metrics.spec import EXACT_AGE_MISSING, FRACTION, MetricSpec
from visage.evaluation.settings import EvaluatorSettings, Limit
from visage.evaluation.slices import OVERALL, slice_name


def overall_gates(settings: EvaluatorSettings, found: Evidences) -> Iterator[Gate]:
    """Yields a gate for each limit on all test records."""
    for spec, _ in limited_metrics():
        if limit := getattr(settings, spec.limit_name):
            figure = found.candidate[OVERALL].get(spec.name)
            gate = _absolute(spec, limit, OVERALL, figure, spec.not_predicted)
            if gate.reason == EXACT_AGE_MISSING:
                fix = f"for labels such as 20-29, set age_interval_accuracy_min instead of {spec.limit_name}"
                gate = replace(gate, reason=f"{gate.reason}: {fix}")
            yield gate


def slice_gates(settings: EvaluatorSettings, found: Evidences) -> Iterator[Gate]:
    """Yields a gate for each limit on a single group."""
    for gate in settings.slice_gates:
        name = slice_name({gate.feature: gate.value})
        for spec, _ in limited_metrics():
            if limit := getattr(gate, spec.limit_name):
                figures = found.candidate.get(name)
                figure = figures.get(spec.name) if figures else None
                why = "no such test record" if figures is None else spec.not_predicted
                yield unless_few(settings, _absolute(spec, limit, name, figure, why))


def age_checks(settings: EvaluatorSettings, found: Evidences) -> Iterator[Gate]:
    """Yields a gate for each limit on people below a legal age who pass a challenge age."""
    for check, rate in zip(settings.age_checks, found.age_checks, strict=True):
        limit = check.false_positive_rate_max
        gate = Gate(
            "false_positive_rate_max",
            "false_positive_rate",
            f"under {check.legal_age}, challenge age {check.challenge_age}",
            limit.limit,
            limit.evidence,
            "failed",
            None,
            title=f"People under {check.legal_age} estimated {check.challenge_age} or older",
            unit=FRACTION.symbol,
        )
        if rate is None or rate.value is None:
            why = "the model predicts no age in years" if rate is None else f"no record under {check.legal_age}"
            yield replace(gate, reason=why)
        else:
            gate = replace(gate, measured=rate.value, interval=rate.interval, records=rate.records, people=rate.people)
            yield decided(gate, False, rate.value, rate.interval)


def _absolute(spec: MetricSpec, limit: Limit, slice: str, figure: Figure | None, why_none: str) -> Gate:
    gate = Gate(spec.limit_name, spec.name, slice, limit.limit, limit.evidence, "failed", None, **display(spec))
    if figure is None:
        return replace(gate, reason=why_none)
    gate = replace(gate, measured=figure.value, interval=figure.interval, records=figure.records, people=figure.people)
    if figure.value is None:
        return replace(gate, reason=spec.undefined if figure.records else spec.no_truths)
    return decided(gate, spec.better == "higher", figure.value, figure.interval)
