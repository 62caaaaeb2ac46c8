"""Which models meet limits on a change against the baseline."""

from dataclasses import replace

import numpy as np
import pytest

from tests.visage.evaluation.gates.some_gates import GENERATOR, gates_of, limit, limits, model, random_truths
from tests.visage.evaluation.some_tables import truths_of
from visage.evaluation.evaluate import evaluate
from visage.evaluation.gates.gate import Verdict
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, PredictionTable
from visage.evaluation.statistics.intervals import Interval

AGAINST_BASELINE = limits(age_mae_max=99, age_mae_increase_max=limit(0.1, "harm"), slices=["race"])


def test_equal_models_pass_whatever_their_error() -> None:
    truths = random_truths(200)
    errors = GENERATOR(1).normal(0, 9, 200)
    gates = gates_of(AGAINST_BASELINE, truths, errors, errors)
    for group in ("overall", "race white", "race black"):
        gate = gates["age_mae_increase_max", group]
        assert (gate.measured, gate.p_value, gate.verdict, gate.compared_with) == (0, 1, "passed", "baseline")
        assert gate.other == pytest.approx(gates["age_mae_max", "overall"].measured, rel=0.3)


def test_identical_predictions_are_safe_and_equal_classes_of_other_ones_are_not() -> None:
    truths = random_truths(100)
    settings = limits(gender_accuracy_min=0.5, gender_accuracy_decrease_max=limit(0.01, "safe"))
    sure, unsure = model(truths, np.zeros(100)), model(truths, np.zeros(100))
    assert unsure.gender_probability is not None
    unsure = replace(unsure, gender_probability=0.4 + 0.2 * (unsure.gender_probability > 0.5))
    found = {}
    for name, before in (("sure", sure), ("unsure", unsure)):
        gates = evaluate(PredictionTable(truths, {CANDIDATE: sure, BASELINE: before}), settings).gates
        found[name] = next(gate for gate in gates if gate.compared_with)
    for gate in found.values():
        assert (gate.measured, gate.smallest_detectable) == (0, None)
    assert found["sure"].verdict == "passed"
    assert found["sure"].interval == Interval(0, 0)
    # Of 100 people none is predicted otherwise; of others 3 % may be.
    assert found["unsure"].verdict == "failed"
    assert found["unsure"].interval is not None
    assert found["unsure"].interval.high == pytest.approx(0.0295, abs=1e-4)


def test_an_error_that_is_the_same_for_every_person_is_not_safe() -> None:
    # Whole years, so that the errors are exact.
    truths = random_truths(100)
    settings = limits(gender_accuracy_min=0.5, age_mae_increase_max=limit(3, "safe"))
    gate = gates_of(settings, truths, np.full(100, 2.0), np.full(100, 1.0))["age_mae_increase_max", "overall"]
    assert (gate.verdict, gate.measured, gate.interval) == ("failed", 1, None)
    assert gate.reason == "every person shows the same difference, which bounds no other one"


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
