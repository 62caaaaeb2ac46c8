"""Which figures meet which limits, by which evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.evaluate import evaluate
from visage.evaluation.gates.decide import decide
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import Gate, Verdict, blessed
from visage.evaluation.measurement import Figure
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, ModelOutputs, PredictionTable, Truths
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.slices import Slice
from visage.evaluation.statistics.intervals import Interval

# Nothing is limited but what a test names.
NO_LIMITS = dict.fromkeys(
    ("age_mae_max", "gender_accuracy_min", "age_mae_increase_max", "gender_accuracy_decrease_max")
)


def limits(**values: Any) -> EvaluatorSettings:
    return EvaluatorSettings(**{**NO_LIMITS, **values})


def limit(value: float, evidence: str) -> dict[str, Any]:
    return {"limit": value, "evidence": evidence}


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


@pytest.mark.parametrize("evidence", ["point", "safe", "harm"])
def test_an_empty_group_and_one_without_a_number_never_pass(evidence: str) -> None:
    assert female_gate(evidence, None).reason == "no such test record"
    unknown = female_gate(evidence, Figure(None, 0, 0, None, np.empty(0)))
    assert unknown.reason == "no record of known age"
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


# From here on gates on tables of predictions.

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


AGAINST_BASELINE = limits(age_mae_max=99, age_mae_increase_max=limit(0.1, "harm"), slices=["race"])


def test_equal_models_pass_whatever_their_error() -> None:
    truths = random_truths(200)
    errors = GENERATOR(1).normal(0, 9, 200)
    gates = gates_of(AGAINST_BASELINE, truths, errors, errors)
    for group in ("overall", "race white", "race black"):
        gate = gates["age_mae_increase_max", group]
        assert (gate.measured, gate.p_value, gate.verdict, gate.compared_with) == (0, 1, "passed", "baseline")
        assert gate.other == pytest.approx(gates["age_mae_max", "overall"].measured, rel=0.3)


def test_without_a_blessed_model_there_is_nothing_to_compare() -> None:
    truths = random_truths(200)
    assert set(gates_of(AGAINST_BASELINE, truths, np.zeros(200))) == {("age_mae_max", "overall")}


def test_a_model_that_is_worse_in_one_group_alone_fails_there() -> None:
    truths = random_truths(400)
    before = GENERATOR(2).normal(0, 4, 400)
    after = before + np.where(truths.race == "black", 2 * np.sign(before), 0)
    gates = gates_of(AGAINST_BASELINE, truths, after, before)
    assert gates["age_mae_increase_max", "race white"].verdict == "passed"
    gate = gates["age_mae_increase_max", "race black"]
    assert (gate.verdict, gate.records, gate.people) == ("failed", 200, 200)
    assert gate.measured == pytest.approx(2, abs=0.01)
    assert gate.smallest_detectable is not None
    assert 0.1 <= gate.smallest_detectable < 2


def test_p_values_of_harm_are_corrected_for_the_number_of_comparisons() -> None:
    truths = random_truths(400, ("white", "black", "asian", "indian"))
    before = np.abs(GENERATOR(3).normal(6, 1, 400))
    after = before + GENERATOR(4).normal(0.2, 1.5, 400)
    one = gates_of(limits(age_mae_max=99, age_mae_increase_max=limit(0.1, "harm")), truths, after, before)[
        "age_mae_increase_max", "overall"
    ]
    five = gates_of(AGAINST_BASELINE, truths, after, before)
    assert len([name for name, _ in five if name == "age_mae_increase_max"]) == 5
    assert one.p_value is not None
    assert 0.001 < one.p_value < 0.05
    assert five["age_mae_increase_max", "overall"].p_value == pytest.approx(min(1, 5 * one.p_value), rel=1e-6)
    assert one.verdict == "failed"
    assert five["age_mae_increase_max", "overall"].verdict == ("failed" if 5 * one.p_value < 0.05 else "passed")


@pytest.mark.parametrize(("evidence", "verdict"), [("point", "failed"), ("safe", "failed"), ("harm", "passed")])
def test_a_worsening_that_is_not_shown_passes_harm_alone(evidence: str, verdict: Verdict) -> None:
    truths = random_truths(100)
    before = GENERATOR(5).uniform(20, 22, 100)
    # 0.2 years worse, give or take 0.3.
    noise = GENERATOR(6).normal(0, 3, 100)
    after = before + 0.2 + noise - noise.mean()
    settings = limits(age_mae_max=99, age_mae_increase_max=limit(0.1, evidence))
    gate = gates_of(settings, truths, after, before)["age_mae_increase_max", "overall"]
    assert gate.measured == pytest.approx(0.2, abs=1e-5)
    assert gate.verdict == verdict


def test_groups_of_few_people_are_not_compared() -> None:
    truths = random_truths(40)
    before = np.ones(40)
    settings = limits(age_mae_max=99, age_mae_increase_max=limit(0.1, "harm"), slices=["race"], min_people=30)
    gates = gates_of(settings, truths, before + 1, before)
    assert gates["age_mae_increase_max", "overall"].verdict == "failed"
    few = gates["age_mae_increase_max", "race white"]
    assert (few.verdict, few.reason) == ("not gated", "20 people, below min_people 30")


@pytest.mark.parametrize("evidence", ["point", "safe", "harm"])
@pytest.mark.parametrize(("broken", "whose"), [("candidate", "the model"), ("baseline", "the baseline model")])
def test_predictions_that_are_no_numbers_fail_the_comparison(evidence: str, broken: str, whose: str) -> None:
    truths = random_truths(60)
    errors = {"candidate": np.ones(60), "baseline": np.ones(60)}
    errors[broken][7] = np.nan
    settings = limits(gender_accuracy_min=0.5, age_mae_increase_max=limit(0.1, evidence))
    gate = gates_of(settings, truths, **errors)["age_mae_increase_max", "overall"]
    assert (gate.verdict, gate.measured) == ("failed", None)
    assert gate.reason == f"predictions of {whose} are missing or not finite numbers"


def test_without_a_test_record_nothing_passes() -> None:
    gap = {"feature": "race", "age_mae_gap_max": 0.5}
    settings = limits(age_mae_max=99, age_mae_increase_max=limit(0.1, "harm"), slices=["race"], gap_gates=[gap])
    gates = gates_of(settings, truths_of([]), np.empty(0), np.empty(0))
    assert gates
    assert {gate.verdict for gate in gates.values()} == {"failed"}


GAP = limits(age_mae_max=99, gap_gates=[{"feature": "race", "age_mae_gap_max": limit(0.5, "harm")}])


def test_a_group_that_is_worse_than_its_ages_let_expect_fails_the_gap_gate() -> None:
    truths = random_truths(400)
    errors = np.abs(GENERATOR(7).normal(6, 1, 400)) + 3 * (truths.race == "black")
    gates = gates_of(GAP, truths, errors)
    worse, better = gates["age_mae_gap_max", "race black"], gates["age_mae_gap_max", "race white"]
    assert (worse.verdict, better.verdict) == ("failed", "passed")
    assert worse.measured == pytest.approx(3, abs=0.4)
    assert worse.interval is not None
    assert worse.interval.low > 0.5
    assert worse.other == pytest.approx(6, abs=0.3)


def test_a_gap_that_is_not_shown_passes_harm() -> None:
    truths = random_truths(400)
    gates = gates_of(GAP, truths, GENERATOR(8).normal(0, 6, 400))
    assert {gates["age_mae_gap_max", f"race {race}"].verdict for race in ("white", "black")} == {"passed"}


def test_a_model_whose_error_is_the_same_everywhere_has_no_gap() -> None:
    gates = gates_of(GAP, random_truths(400), np.full(400, 2.0))
    for race in ("white", "black"):
        gate = gates["age_mae_gap_max", f"race {race}"]
        assert gate.measured == pytest.approx(0, abs=1e-5)
        assert gate.verdict == "passed"


def test_the_gap_of_few_people_is_not_gated() -> None:
    truths = random_truths(402)
    truths.race[400:] = "asian"
    gates = gates_of(GAP, truths, np.where(truths.race == "asian", 30.0, 1.0))
    gate = gates["age_mae_gap_max", "race asian"]
    assert (gate.verdict, gate.people, gate.reason) == ("not gated", 2, "2 people, below min_people 30")
    assert gates["age_mae_gap_max", "race white"].verdict == "passed"


def test_a_gap_between_groups_of_unknown_age_is_not_gated() -> None:
    truths = truths_of([30.0] * 60 + [None] * 60, races=["white"] * 60 + ["black"] * 60)
    gates = gates_of(GAP, truths, np.zeros(120))
    gate = gates["age_mae_gap_max", "race black"]
    assert (gate.verdict, gate.reason) == ("not gated", "no record of known age")


def test_predictions_that_are_no_numbers_fail_the_gap_gate() -> None:
    errors = np.ones(400)
    errors[5] = np.nan
    # Nothing else limits the age.
    settings = limits(gender_accuracy_min=0.5, gap_gates=[{"feature": "race", "age_mae_gap_max": 0.5}])
    gates = gates_of(settings, random_truths(400), errors)
    assert gates["gender_accuracy_min", "overall"].verdict == "passed"
    gate = gates["age_mae_gap_max", "race white"]
    assert (gate.verdict, gate.reason) == ("failed", "predictions are not finite numbers")


def test_harm_is_not_gated_where_a_group_is_too_small_for_an_interval() -> None:
    truths = random_truths(400)
    truths.race[:5] = "asian"
    gate = {"feature": "race", "value": "asian", "age_mae_max": limit(5, "harm")}
    point = {**gate, "age_mae_max": limit(5, "point")}
    errors = np.full(400, 9.0)
    settings = limits(gender_accuracy_min=0, min_people=3, slice_gates=[gate])
    found = gates_of(settings, truths, errors)["age_mae_max", "race asian"]
    assert (found.verdict, found.reason) == ("not gated", "5 people, too few for an interval")
    settings = limits(gender_accuracy_min=0, min_people=3, slice_gates=[point])
    assert gates_of(settings, truths, errors)["age_mae_max", "race asian"].verdict == "failed"


def test_gates_of_one_metric_follow_one_another() -> None:
    truths = random_truths(100)
    settings = limits(
        age_mae_max=9,
        age_cs5_min=0.1,
        gender_accuracy_min=0.5,
        age_mae_increase_max=limit(0.1, "harm"),
        slices=["race"],
        slice_gates=[{"feature": "race", "value": "white", "age_mae_max": 9, "age_cs5_min": 0.1}],
    )
    errors = GENERATOR(9).normal(0, 1, 100)
    assert list(gates_of(settings, truths, errors, errors)) == [
        ("age_mae_max", "overall"),
        ("age_mae_increase_max", "overall"),
        ("age_mae_increase_max", "race white"),
        ("age_mae_increase_max", "race black"),
        ("age_mae_max", "race white"),
        ("age_cs5_min", "overall"),
        ("age_cs5_min", "race white"),
        ("gender_accuracy_min", "overall"),
    ]
