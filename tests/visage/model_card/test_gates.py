"""The words for gates and their numbers."""

from dataclasses import replace

import pytest

from visage.evaluation.gates.gate import Gate
from visage.evaluation.statistics.intervals import Interval
from visage.model_card.views.gates import gate_blocks

MAE = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "passed", 4.5, title="Error of the age", unit="years")
OTHERS = {"baseline": "previous model", "reference": "reference model"}
RIGHT = Gate(
    *("gender_accuracy_min", "gender_accuracy", "gender female", 0.9, "safe", "failed", 0.88),
    title="Gender accuracy",
    unit="%",
)


@pytest.mark.parametrize(
    ("gate", "title", "limit", "measured"),
    [
        (MAE, "Error of the age", "at most 5.00 years", "4.50 years"),
        (RIGHT, "Gender accuracy", "at least 90.0 %", "88.0 %"),
        (
            replace(MAE, name="age_mae_increase_max", limit=0.5, measured=-0.25, compared_with="baseline"),
            *("Error of the age, against the previous model", "at most 0.50 years worse", "0.25 years better"),
        ),
        (
            replace(RIGHT, name="gender_accuracy_decrease_max", limit=0.02, measured=0.03, compared_with="reference"),
            *("Gender accuracy, against the reference model", "at most 2.0 points worse", "3.0 points worse"),
        ),
        (
            replace(MAE, name="age_mae_gap_max", limit=1.0, measured=0.5),
            *("Error of the age, against all records of the same ages", "at most 1.00 years worse", "0.50 years worse"),
        ),
        # A plain number has no unit.
        (replace(RIGHT, limit=0.95, measured=0.9, unit=""), "Gender accuracy", "at least 0.950", "0.900"),
        (replace(MAE, verdict="failed", measured=None), "Error of the age", "at most 5.00 years", "\u2013"),
    ],
)
def test_a_gate_is_worded_for_people(gate: Gate, title: str, limit: str, measured: str) -> None:
    (block,) = gate_blocks([gate], OTHERS, {})
    assert (block.title, block.limit, block.evidence) == (title, limit, gate.evidence)
    assert block.rows[0].measured == measured


def test_gates_of_one_limit_stand_together() -> None:
    found = gate_blocks([MAE, RIGHT, replace(MAE, slice="gender male")], OTHERS, {})
    assert [[row.records for row in block.rows] for block in found] == [
        ["all records", "gender male"],
        ["gender female"],
    ]


@pytest.mark.parametrize(
    ("gate", "outcome", "interval"),
    [
        (MAE, "✓ met", "\u2013"),
        (replace(MAE, interval=Interval(-0.5, 4.75)), "✓ met", "\u22120.50 to 4.75"),
        (
            replace(MAE, verdict="failed", interval=Interval(4, 5), p_value=0.0002),
            "✗ not met",
            "4.00 to 5.00, p < 0.001",
        ),
        (replace(MAE, verdict="failed", measured=None, p_value=0.25), "✗ not measured", "p = 0.250"),
        (replace(MAE, verdict="not gated"), "not gated", "\u2013"),
    ],
)
def test_a_verdict_has_its_interval(gate: Gate, outcome: str, interval: str) -> None:
    ((row,),) = (block.rows for block in gate_blocks([gate], OTHERS, {}))
    assert (row.outcome, row.interval) == (outcome, interval)
