"""The gate on real SavedModels and TFRecords: which models are blessed, and what is reported."""

import math
from pathlib import Path

import pytest

from components.evaluator.gates import Gate
from components.evaluator.settings import EvaluatorSettings, SliceGate
from components.evaluator.slices import SliceMetrics
from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people

LIMITS = EvaluatorSettings(age_mae_max=3, gender_accuracy_min=0.85, age_mae_increase_max=0.5)


def test_a_model_within_the_limits_is_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(age_error=2, wrong_in_ten=1))
    assert outcome.blessed
    found = outcome.read()
    assert found.blessed
    assert found.baseline is None
    assert found.overall == SliceMetrics(
        count=40,
        age_count=40,
        gender_count=40,
        scores={
            "age_mae": 2.0,
            "age_group_accuracy": 0.0,
            "gender_accuracy": 0.9,
            "gender_auc": found.overall.scores["gender_auc"],
        },
    )
    assert found.overall.scores["gender_auc"] == pytest.approx(0.8)
    assert found.gates == [
        Gate("age_mae_max", "overall", measured=2.0, limit=3.0, passed=True),
        Gate("gender_accuracy_min", "overall", measured=0.9, limit=0.85, passed=True),
    ]


def test_a_model_that_misses_one_limit_is_not_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(age_error=4, wrong_in_ten=0))
    assert not outcome.blessed
    assert [gate.name for gate in outcome.read().gates if not gate.passed] == ["age_mae_max"]


def test_a_limit_for_one_group_holds_for_that_group_alone(tmp_path: Path) -> None:
    # Women have the even keys, so the four wrong genders, of the keys 0, 10, 20 and 30, are all theirs.
    settings = LIMITS.model_copy(
        update={
            "slices": ["gender", "age_group"],
            "slice_gates": [
                SliceGate(feature="gender", value="female", gender_accuracy_min=0.85),
                SliceGate(feature="gender", value="male", gender_accuracy_min=0.85),
                SliceGate(feature="age_group", value="25-32", age_mae_max=1.5),
                SliceGate(feature="age_group", value="0-2", age_mae_max=9),
            ],
        }
    )
    outcome = evaluate(tmp_path, people(40), settings)
    assert not outcome.blessed
    found = outcome.read()
    assert {(gate.name, gate.slice): (gate.measured, gate.passed) for gate in found.gates} == {
        ("age_mae_max", "overall"): (2.0, True),
        ("age_mae_max", "age_group 25-32"): (2.0, False),
        ("age_mae_max", "age_group 0-2"): (None, False),
        ("gender_accuracy_min", "overall"): (0.9, True),
        ("gender_accuracy_min", "gender female"): (0.8, False),
        ("gender_accuracy_min", "gender male"): (1.0, True),
    }
    assert [(group.name, group.count) for group in found.slices] == [
        ("gender female", 20),
        ("gender male", 20),
        ("age_group 15-20", 3),
        ("age_group 25-32", 13),
        ("age_group 38-43", 10),
        ("age_group 48-53", 11),
        ("age_group 60-100", 3),
    ]


def test_unknown_labels_of_a_source_do_not_count(tmp_path: Path) -> None:
    records = [*people(20), *people(7, age=None), *people(5, gender="unknown", race="indian")]
    settings = LIMITS.model_copy(update={"slices": ["gender", "age_group", "race"], "gender_accuracy_min": 0.8})
    found = evaluate(tmp_path, records, settings).read()
    assert (found.overall.count, found.overall.age_count, found.overall.gender_count) == (32, 25, 27)
    assert found.overall.scores["age_mae"] == 2.0
    # Keys start at 0 in each of the three groups: 2 wrong of the first 20, 1 of the next 7.
    assert found.overall.scores["gender_accuracy"] == pytest.approx(24 / 27)
    groups = {group.name: group for group in found.slices}
    assert groups["age_group unknown"].scores["age_mae"] is None
    assert groups["gender unknown"].scores["gender_accuracy"] is None
    assert groups["race indian"].gender_count == 0
    assert found.blessed


def test_without_any_known_age_there_is_nothing_to_bless(tmp_path: Path) -> None:
    found = evaluate(tmp_path, people(20, age=None), LIMITS).read()
    assert not found.blessed
    assert found.gates[0] == Gate(
        "age_mae_max",
        "overall",
        measured=None,
        limit=3.0,
        passed=False,
        why_not_measured="no test record of known age",
    )


def test_one_age_that_is_not_a_number_makes_one_gate_unmeasurable(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(1, gender="female"), LIMITS, model=Errors(math.nan, wrong_in_ten=0))
    assert not outcome.blessed
    found = outcome.read()
    assert [(gate.name, gate.measured, gate.passed, gate.why_not_measured) for gate in found.gates] == [
        ("age_mae_max", None, False, "predictions are not finite numbers"),
        ("gender_accuracy_min", 1.0, True, None),
    ]
    # TFMA gives an area of 0 below the curve that there is not.
    assert found.overall.scores["gender_auc"] is None
    assert found.overall.why_not_measured("gender_auc") == "the test records of known gender are all of one gender"


def test_a_model_worse_than_the_blessed_one_is_not_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(2, 1), baseline=Errors(1, 0))
    assert not outcome.blessed
    found = outcome.read()
    assert found.baseline is not None
    assert found.baseline.scores["age_mae"] == 1.0
    assert [(gate.name, gate.passed, gate.baseline) for gate in found.gates] == [
        ("age_mae_max", True, 1.0),
        ("age_mae_increase_max", False, 1.0),
        ("gender_accuracy_min", True, 1.0),
        ("gender_accuracy_decrease_max", False, 1.0),
    ]
    assert [gate.measured for gate in found.gates] == pytest.approx([2.0, 1.0, 0.9, 0.1])


def test_a_model_better_than_the_blessed_one_is_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(1, 0), baseline=Errors(2, 1))
    assert outcome.blessed
    assert [gate.measured for gate in outcome.read().gates] == pytest.approx([1.0, -1.0, 1.0, -0.1])


def test_a_model_of_the_age_alone_is_judged_by_its_age(tmp_path: Path) -> None:
    of_age = EvaluatorSettings(
        age_mae_max=3, gender_accuracy_min=None, gender_accuracy_decrease_max=None, slices=["gender"]
    )
    outcome = evaluate(tmp_path, people(40), of_age, model=Errors(age_error=2, predicts_gender=False))
    assert outcome.blessed
    found = outcome.read()
    assert found.overall == SliceMetrics(
        count=40,
        age_count=40,
        scores={"age_mae": 2.0, "age_group_accuracy": 0.0, "gender_accuracy": None, "gender_auc": None},
    )
    assert [(metrics.name, metrics.scores["age_mae"]) for metrics in found.slices] == [
        ("gender female", 2),
        ("gender male", 2),
    ]
    assert found.gates == [Gate("age_mae_max", "overall", measured=2.0, limit=3.0, passed=True)]


@pytest.mark.parametrize(("least", "blessed"), [(0.2, True), (0.3, False)])
def test_age_groups_are_judged_where_they_are_known(tmp_path: Path, least: float, blessed: bool) -> None:
    # The model predicts 0-2 for everybody: one of five known groups is right.
    records = [*people(2, age=1.0), *people(8, age=30.0), *people(10, age=None)]
    limit = EvaluatorSettings(
        age_mae_max=None,
        age_mae_increase_max=None,
        age_group_accuracy_min=least,
        gender_accuracy_min=None,
        gender_accuracy_decrease_max=None,
    )
    outcome = evaluate(tmp_path, records, limit)
    found = outcome.read()
    assert outcome.blessed == blessed
    assert found.overall.scores["age_group_accuracy"] == pytest.approx(0.2)
    assert [(gate.name, gate.limit, gate.passed) for gate in found.gates] == [
        ("age_group_accuracy_min", least, blessed)
    ]


def test_a_candidate_may_have_fewer_outputs_than_the_blessed_model_but_not_more(tmp_path: Path) -> None:
    of_age = EvaluatorSettings(age_mae_max=3, gender_accuracy_min=None, gender_accuracy_decrease_max=None)
    less = evaluate(tmp_path / "less", people(20), of_age, model=Errors(predicts_gender=False), baseline=Errors())
    assert less.blessed
    with pytest.raises(Exception, match="last blessed model does not predict gender, gender_probability"):
        evaluate(tmp_path / "more", people(20), LIMITS, model=Errors(), baseline=Errors(predicts_gender=False))
