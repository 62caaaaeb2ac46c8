"""The gate on real SavedModels and TFRecords: which models are blessed, and what is reported."""

import math
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people
from visage.evaluation.evaluation import PREDICTIONS_FOLDER, Evaluation
from visage.evaluation.gates.gate import Gate
from visage.evaluation.predictions.files import read_predictions
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.waivers import FailedLimit, Waiver
from visage.saved_model.pushing.holds import model_digest

LIMITS = EvaluatorSettings(age_mae_max=3, gender_accuracy_min=0.85, age_mae_increase_max=0.5)
OF_AGE = {"gender_accuracy_min": None, "gender_accuracy_decrease_max": None}


def point(limit: float) -> dict[str, Any]:
    return {"limit": limit, "evidence": "point"}


def limits(**values: Any) -> EvaluatorSettings:
    return EvaluatorSettings(**{**LIMITS.model_dump(), **values})


def verdicts(found: Evaluation) -> dict[tuple[str, str], tuple[float | None, str]]:
    return {(gate.name, gate.slice): (gate.measured, gate.verdict) for gate in found.gates}


def test_a_model_within_the_limits_is_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(age_error=2, wrong_in_ten=1))
    assert outcome.blessed
    found = outcome.read()
    assert found.blessed
    assert not found.compares_with("baseline")
    assert (found.overall.records, found.overall.figures["candidate"]["age_mae"].records) == (40, 40)
    scores = found.overall.scores()
    assert (scores["age_mae"], scores["age_bias"], scores["age_rmse"]) == (2, 2, 2)
    assert (scores["age_group_accuracy"], scores["gender_accuracy"]) == (0, 0.9)
    assert scores["gender_auc"] == pytest.approx(0.8)
    assert verdicts(found) == {
        ("age_mae_max", "overall"): (2.0, "passed"),
        ("gender_accuracy_min", "overall"): (0.9, "passed"),
    }


def test_the_predictions_of_both_models_are_kept_beside_the_labels(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(70), LIMITS, model=Errors(2), baseline=Errors(1))
    folder = Path(outcome.evaluation.uri, PREDICTIONS_FOLDER)
    table = read_predictions(sorted(folder.glob("*.parquet")))
    assert len(table) == 70
    candidate, baseline = table.outputs["candidate"].age, table.outputs["baseline"].age
    assert candidate is not None
    assert baseline is not None
    assert candidate - table.truths.age == pytest.approx(2, abs=1e-5)
    assert baseline - table.truths.age == pytest.approx(1, abs=1e-5)


def test_a_model_that_misses_one_limit_is_not_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(age_error=4, wrong_in_ten=0))
    assert not outcome.blessed
    assert [gate.name for gate in outcome.read().gates if gate.verdict == "failed"] == ["age_mae_max"]


def test_a_waiver_lets_a_model_through_that_fails_no_other_limit(tmp_path: Path) -> None:
    limits = (FailedLimit("age_mae_max", "overall"),)
    waiver = Waiver("/model/8", "Ada", "demo", date(2999, 1, 31), date(2026, 12, 1), limits)
    covered = evaluate(
        tmp_path / "1",
        people(40),
        LIMITS,
        model=Errors(4, wrong_in_ten=0),
        waivers=[replace(waiver, by="Bob", limits=()), waiver],
    )
    assert covered.blessed
    assert not covered.read().blessed
    fails_more = evaluate(tmp_path / "2", people(40), LIMITS, model=Errors(4, wrong_in_ten=3), waivers=[waiver])
    assert not fails_more.blessed
    assert waiver.shortfall(fails_more.read().gates).endswith(
        "does not cover gender_accuracy_min of overall (70.0 %, limit at least 85.0 %)"
    )


def test_a_retrain_that_gives_the_same_model_does_not_count_again(tmp_path: Path) -> None:
    looks = tmp_path / "looks.json"
    first = evaluate(tmp_path / "1", people(2), LIMITS, model=Errors(1, 0), looks=looks)
    shutil.copytree(tmp_path / "1" / "model", tmp_path / "2" / "model")
    again = evaluate(tmp_path / "2", people(2), LIMITS, looks=looks)
    assert [outcome.read().looks for outcome in (first, again)] == [1, 1]


def test_a_comparison_records_which_model_it_is_with(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(2, 1), baseline=Errors(1, 0))
    digest = model_digest(tmp_path / "baseline" / "Format-Serving")
    assert {(gate.compared_with, gate.compared_digest) for gate in outcome.read().gates} == {
        (None, None),
        ("baseline", digest),
    }


def test_a_limit_for_one_group_holds_for_that_group_alone(tmp_path: Path) -> None:
    # Women have the even keys, so the four wrong genders, of the keys 0, 10, 20 and 30, are all theirs.
    settings = limits(
        slices=["gender", "age_group"],
        min_people=3,
        slice_gates=[
            {"feature": "gender", "value": "female", "gender_accuracy_min": point(0.85)},
            {"feature": "gender", "value": "male", "gender_accuracy_min": point(0.85)},
            {"feature": "age_group", "value": "25-32", "age_mae_max": point(1.5)},
            {"feature": "age_group", "value": "0-2", "age_mae_max": point(9)},
        ],
    )
    outcome = evaluate(tmp_path, people(40), settings)
    assert not outcome.blessed
    found = outcome.read()
    assert verdicts(found) == {
        ("age_mae_max", "overall"): (2.0, "passed"),
        ("age_mae_max", "age_group 25-32"): (2.0, "failed"),
        ("age_mae_max", "age_group 0-2"): (None, "failed"),
        ("gender_accuracy_min", "overall"): (0.9, "passed"),
        ("gender_accuracy_min", "gender female"): (0.8, "failed"),
        ("gender_accuracy_min", "gender male"): (1.0, "passed"),
    }
    assert [(group.name, group.records) for group in found.groups] == [
        ("gender female", 20),
        ("gender male", 20),
        ("age_group 15-20", 3),
        ("age_group 25-32", 13),
        ("age_group 38-43", 10),
        ("age_group 48-53", 11),
        ("age_group 60-100", 3),
    ]


def test_what_a_source_does_not_know_is_not_counted(tmp_path: Path) -> None:
    records = [*people(20), *people(7, age=None), *people(5, gender="unknown", race="indian")]
    settings = limits(slices=["gender", "age_group", "race"], gender_accuracy_min=0.8)
    found = evaluate(tmp_path, records, settings).read()
    figures = found.overall.figures["candidate"]
    assert (found.overall.records, figures["age_mae"].records, figures["gender_accuracy"].records) == (32, 25, 27)
    assert figures["age_mae"].value == 2.0
    # Keys start at 0 in each of the three groups: 2 wrong of the first 20, 1 of the next 7.
    assert figures["gender_accuracy"].value == pytest.approx(24 / 27)
    groups = {group.name: group for group in found.groups}
    assert groups["age_group unknown"].scores()["age_mae"] is None
    assert groups["gender unknown"].scores()["gender_accuracy"] is None
    assert groups["race indian"].figures["candidate"]["gender_accuracy"].records == 0
    assert found.blessed


def test_without_any_known_age_there_is_nothing_to_bless(tmp_path: Path) -> None:
    found = evaluate(tmp_path, people(20, age=None), LIMITS).read()
    assert not found.blessed
    assert found.gates[0] == Gate(
        *("age_mae_max", "age_mae", "overall", 3.0, "point", "failed", None),
        reason="no record of exact age: for labels such as 20-29, set age_interval_accuracy_min instead of age_mae_max",
        title="Mean absolute error of the age",
        unit="years",
    )


def test_one_age_that_is_not_a_number_makes_one_gate_unmeasurable(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(1, gender="female"), LIMITS, model=Errors(math.nan, wrong_in_ten=0))
    assert not outcome.blessed
    found = outcome.read()
    assert [(gate.name, gate.measured, gate.verdict, gate.reason) for gate in found.gates] == [
        ("age_mae_max", None, "failed", "predictions are not finite numbers"),
        ("gender_accuracy_min", 1.0, "passed", None),
    ]
    assert found.overall.scores()["gender_auc"] is None
    assert found.overall.why_not_measured("gender_auc") == "the records of known gender are all of one gender"


def test_a_model_worse_than_the_blessed_one_is_not_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(2, 1), baseline=Errors(1, 0))
    assert not outcome.blessed
    found = outcome.read()
    assert found.overall.scores("baseline")["age_mae"] == 1.0
    assert [(gate.name, gate.verdict, gate.other) for gate in found.gates] == [
        ("age_mae_max", "passed", None),
        ("age_mae_increase_max", "failed", 1.0),
        ("gender_accuracy_min", "passed", None),
        ("gender_accuracy_decrease_max", "failed", 1.0),
    ]
    assert [gate.measured for gate in found.gates] == pytest.approx([2.0, 1.0, 0.9, 0.1])


def test_a_blessed_model_that_records_no_training_data_is_compared_with_and_marked(tmp_path: Path) -> None:
    found = evaluate(tmp_path, people(40), LIMITS, model=Errors(1, 0), baseline=Errors(2, 1)).read()
    assert found.compares_with("baseline")
    # Models of these tests have no visage.json.
    assert found.independence_unknown == {"baseline": "the candidate does not record its split"}


def test_a_model_better_than_the_blessed_one_is_blessed(tmp_path: Path) -> None:
    outcome = evaluate(tmp_path, people(40), LIMITS, model=Errors(1, 0), baseline=Errors(2, 1))
    assert outcome.blessed
    assert [gate.measured for gate in outcome.read().gates] == pytest.approx([1.0, -1.0, 1.0, -0.1])


def test_a_model_of_the_age_alone_is_judged_by_its_age(tmp_path: Path) -> None:
    settings = EvaluatorSettings(age_mae_max=3, **OF_AGE, slices=["gender"])
    outcome = evaluate(tmp_path, people(40), settings, model=Errors(age_error=2, predicts_gender=False))
    assert outcome.blessed
    found = outcome.read()
    assert "gender_accuracy" not in found.overall.scores()
    assert found.overall.why_not_measured("gender_accuracy") == "no prediction of the gender"
    assert [(group.name, group.scores()["age_mae"]) for group in found.groups] == [
        ("gender female", 2),
        ("gender male", 2),
    ]
    assert verdicts(found) == {("age_mae_max", "overall"): (2.0, "passed")}


@pytest.mark.parametrize(("least", "blessed"), [(0.2, True), (0.3, False)])
def test_age_groups_are_judged_where_they_are_known(tmp_path: Path, least: float, blessed: bool) -> None:
    # The model predicts 0-2 for everybody: of five groups that are known one is right.
    records = [*people(2, age=1.0), *people(8, age=30.0), *people(10, age=None)]
    settings = EvaluatorSettings(age_mae_max=None, age_mae_increase_max=None, age_group_accuracy_min=least, **OF_AGE)
    outcome = evaluate(tmp_path, records, settings)
    found = outcome.read()
    assert outcome.blessed == blessed
    assert found.overall.scores()["age_group_accuracy"] == pytest.approx(0.2)
    assert [(gate.name, gate.limit, gate.verdict == "passed") for gate in found.gates] == [
        ("age_group_accuracy_min", least, blessed)
    ]


def test_a_blessed_model_that_lacks_a_head_cannot_be_compared(tmp_path: Path) -> None:
    settings = EvaluatorSettings(age_mae_max=3, **OF_AGE)
    less = evaluate(tmp_path / "less", people(20), settings, model=Errors(predicts_gender=False), baseline=Errors())
    assert less.blessed
    more = evaluate(tmp_path / "more", people(20), LIMITS, model=Errors(), baseline=Errors(predicts_gender=False))
    assert not more.blessed
    (gate,) = (gate for gate in more.read().gates if gate.verdict == "failed")
    assert (gate.name, gate.reason) == (
        "gender_accuracy_decrease_max",
        "predictions of the baseline model are missing or not finite numbers",
    )
