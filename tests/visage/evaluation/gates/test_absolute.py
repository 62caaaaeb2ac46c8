"""Which figures meet which limits, by which evidence."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.visage.evaluation.gates.some_gates import limit, limits
from visage.evaluation.gates.decide import decide
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import Gate, Verdict, blessed
from visage.evaluation.measurement import Figure
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.slices import Slice
from visage.evaluation.statistics.intervals import Interval


def figure_of(value: float | None, low: float = 0, high: float = 0, people: int = 100) -> Figure:
    interval = None if people < 2 or value is None else Interval(low, high)
    return Figure(value, 2 * people, people, interval, np.empty(0))


def decided(settings: EvaluatorSettings, metric: str, figure: Figure) -> Gate:
    """Returns the one gate, of all records."""
    (gate,) = decide(settings, evidences([Slice({}, np.arange(9), 9)], {"overall": {metric: figure}}))
    return gate


def evidences(slices: Sequence[Slice], candidate: Mapping[str, Mapping[str, Figure]]) -> Evidences:
    return Evidences(slices=slices, candidate=candidate, others={}, refused={}, adjusted={})


@pytest.mark.parametrize(
    ("evidence", "low", "high", "verdict"),
    [
        # The figure is 5, and the limit is 5.
        ("point", 4.9, 5.1, "passed"),
        ("safe", 4.0, 5.0, "passed"),
        ("safe", 4.0, 5.1, "failed"),
        ("harm", 4.9, 6.0, "passed"),
        ("harm", 5.0, 6.0, "passed"),
        ("harm", 5.1, 6.0, "failed"),
    ],
)
def test_an_error_meets_its_limit_by_its_value_or_by_an_end_of_its_interval(
    evidence: str, low: float, high: float, verdict: Verdict
) -> None:
    gate = decided(limits(age_mae_max=limit(5, evidence)), "age_mae", figure_of(5, low, high))
    assert (gate.name, gate.slice, gate.limit, gate.evidence) == ("age_mae_max", "overall", 5, evidence)
    assert (gate.measured, gate.interval, gate.records, gate.people) == (5, Interval(low, high), 200, 100)
    assert gate.verdict == verdict


@pytest.mark.parametrize(
    ("evidence", "low", "high", "verdict"),
    [
        ("point", 0.8, 0.95, "passed"),
        ("safe", 0.9, 0.95, "passed"),
        ("safe", 0.89, 0.95, "failed"),
        ("harm", 0.8, 0.9, "passed"),
        ("harm", 0.8, 0.89, "failed"),
    ],
)
def test_of_an_accuracy_the_low_end_is_the_bad_one(evidence: str, low: float, high: float, verdict: Verdict) -> None:
    settings = limits(gender_accuracy_min=limit(0.9, evidence))
    assert decided(settings, "gender_accuracy", figure_of(0.9, low, high)).verdict == verdict


def test_a_figure_beyond_its_limit_fails() -> None:
    assert decided(limits(age_mae_max=5), "age_mae", figure_of(5.001)).verdict == "failed"
    assert decided(limits(gender_accuracy_min=0.9), "gender_accuracy", figure_of(0.899)).verdict == "failed"


@pytest.mark.parametrize("evidence", ["safe", "harm"])
def test_a_figure_of_one_person_has_no_interval_and_fails(evidence: str) -> None:
    gate = decided(limits(age_mae_max=limit(5, evidence)), "age_mae", figure_of(1, people=1))
    assert (gate.verdict, gate.reason) == ("failed", "too few people for an interval")


def female_limit(evidence: str) -> EvaluatorSettings:
    gate = {"feature": "gender", "value": "female", "age_mae_max": limit(5, evidence)}
    return limits(gender_accuracy_min=0, min_people=50, slice_gates=[gate])


def female_gate(evidence: str, figure: Figure | None) -> Gate:
    figures: dict[str, Mapping[str, Figure]] = {"overall": {"gender_accuracy": figure_of(1)}}
    if figure is not None:
        figures["gender female"] = {"age_mae": figure}
    gates = decide(female_limit(evidence), evidences([Slice({}, np.arange(9), 9)], figures))
    (gate,) = (gate for gate in gates if gate.slice == "gender female")
    return gate


def test_a_group_of_few_people_is_shown_and_not_gated() -> None:
    assert female_gate("point", figure_of(9, people=50)).verdict == "failed"
    few = female_gate("point", figure_of(9, people=49))
    assert (few.measured, few.verdict, few.reason) == (9, "not gated", "49 people, below min_people 50")


def test_of_age_groups_alone_the_ages_within_their_labels_are_limited() -> None:
    nothing = Figure(None, 0, 0, None, np.empty(0))
    in_years = decided(limits(age_mae_max=limit(5, "point")), "age_mae", nothing)
    assert (in_years.verdict, in_years.reason) == (
        "failed",
        "no record of exact age: for labels such as 20-29, set age_interval_accuracy_min instead of age_mae_max",
    )
    settings = limits(age_interval_accuracy_min=limit(0.5, "point"))
    assert decided(settings, "age_interval_accuracy", figure_of(0.6)).verdict == "passed"


@pytest.mark.parametrize("evidence", ["point", "safe", "harm"])
def test_an_empty_group_and_one_without_a_number_never_pass(evidence: str) -> None:
    assert female_gate(evidence, None).reason == "no such test record"
    unknown = female_gate(evidence, Figure(None, 0, 0, None, np.empty(0)))
    assert unknown.reason == "no record of exact age"
    broken = female_gate(evidence, figure_of(None, people=3))
    assert broken.reason == "predictions are not finite numbers"
    assert {gate.verdict for gate in (female_gate(evidence, None), unknown, broken)} == {"failed"}


def test_a_model_is_blessed_if_a_gate_has_passed_and_none_has_failed() -> None:
    passed, failed, not_gated = (
        Gate("age_mae_max", "age_mae", "overall", 5, "point", verdict, 1.0)
        for verdict in ("passed", "failed", "not gated")
    )
    assert blessed([passed])
    assert blessed([passed, not_gated])
    assert not blessed([passed, failed])
    assert not blessed([not_gated])
    assert not blessed([])
