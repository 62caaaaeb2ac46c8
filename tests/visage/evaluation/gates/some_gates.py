"""Limits and tables of predictions for the tests of gates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.evaluate import evaluate
from visage.evaluation.gates.gate import Gate, blessed
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, ModelOutputs, PredictionTable, Truths
from visage.evaluation.settings import EvaluatorSettings

# Nothing is limited but what a test names.
NO_LIMITS = dict.fromkeys(
    ("age_mae_max", "gender_accuracy_min", "age_mae_increase_max", "gender_accuracy_decrease_max")
)


def limits(**values: Any) -> EvaluatorSettings:
    return EvaluatorSettings(**{**NO_LIMITS, **values})


def limit(value: float, evidence: str) -> dict[str, Any]:
    return {"limit": value, "evidence": evidence}


GENERATOR = np.random.default_rng


def random_truths(count: int, races: Sequence[str] = ("white", "black")) -> Truths:
    ages = (20.0 + np.arange(count) % 50).tolist()
    return truths_of(ages, races=[races[number // 2 % len(races)] for number in range(count)])


def model(truths: Truths, errors: np.ndarray) -> ModelOutputs:
    return outputs_of(truths.age + errors, [0.1 + 0.8 * (gender == "male") for gender in truths.gender])


def gates_of(
    settings: EvaluatorSettings, truths: Truths, candidate: np.ndarray, baseline: np.ndarray | None = None
) -> dict[tuple[str, str], Gate]:
    outputs = {CANDIDATE: model(truths, candidate)}
    if baseline is not None:
        outputs[BASELINE] = model(truths, baseline)
    found = evaluate(PredictionTable(truths, outputs), settings)
    assert found.blessed == blessed(found.gates)
    return {(gate.name, gate.slice): gate for gate in found.gates}
