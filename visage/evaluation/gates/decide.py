"""Decides from figures and limits whether a model is blessed."""

from __future__ import annotations

from visage.evaluation.gates.absolute import age_checks, overall_gates, slice_gates
from visage.evaluation.gates.comparisons import comparisons
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gaps import gap_gates
from visage.evaluation.gates.gate import Gate
from visage.evaluation.metrics import limited_metrics
from visage.evaluation.settings import EvaluatorSettings


def decide(settings: EvaluatorSettings, found: Evidences) -> list[Gate]:
    """Returns a gate for each limit, in the order of the settings; the model is blessed if none has failed.

    A comparison applies to models that have been measured: without a blessed model there is none to fail.

    Args:
        settings: the limits.
        found: the figures.
    """
    gates = [
        *overall_gates(settings, found),
        *comparisons(settings, found),
        *slice_gates(settings, found),
        *gap_gates(settings, found),
    ]
    order = [spec.name for spec, _ in limited_metrics()]
    # Stable: the gates of one metric follow one another in the order above.
    return [*sorted(gates, key=lambda gate: order.index(gate.metric)), *age_checks(settings, found)]
