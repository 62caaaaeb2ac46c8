"""The evaluation of a prediction table: figures of every slice and model, gaps, gates."""

from dataclasses import replace

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.data.labels import UNKNOWN
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import Evaluation, SliceFigures
from visage.evaluation.metrics import METRICS, adjustable_metrics, limited_metrics
from visage.evaluation.predictions.table import ModelOutputs, PredictionTable, Truths
from visage.evaluation.settings import EvaluatorSettings

SETTINGS = EvaluatorSettings(age_mae_max=99, gender_accuracy_min=0, slices=["gender", "race"])
RNG = np.random.default_rng


def people(count: int) -> Truths:
    ages = (20.0 + np.arange(count) % 50).tolist()
    return truths_of(ages, races=["white", "white", "black", "black"] * (count // 4))


def model(truths: Truths, errors: np.ndarray) -> ModelOutputs:
    return outputs_of(truths.age + errors, [0.1 + 0.8 * (gender == "male") for gender in truths.gender])


def part(found: Evaluation, name: str) -> SliceFigures:
    return next(each for each in found.slices if each.name == name)


def test_every_model_is_measured_on_every_group() -> None:
    truths = people(80)
    outputs = {role: model(truths, np.full(80, error)) for role, error in (("candidate", 2), ("baseline", 3))}
    found = evaluate(PredictionTable(truths, outputs), SETTINGS)
    assert [(each.name, each.records, each.people) for each in found.slices] == [
        ("overall", 80, 80),
        ("gender female", 40, 40),
        ("gender male", 40, 40),
        ("race white", 40, 40),
        ("race black", 40, 40),
    ]
    for each in found.slices:
        assert each.scores("candidate")["age_mae"] == pytest.approx(2)
        assert each.scores("baseline")["age_mae"] == pytest.approx(3)
        assert each.scores("reference") == {}
    assert found.compares_with("baseline")
    assert not found.compares_with("reference")
    assert found.overall is found.slices[0]
    assert found.groups == found.slices[1:]


def test_a_slice_has_every_metric_of_what_the_model_predicts() -> None:
    truths = people(80)
    ages = model(truths, np.zeros(80))
    assert set(part_metrics(truths, ages)) == {
        name for name, spec in METRICS.items() if spec.target != "age_distribution"
    }
    without_gender = replace(ages, gender_probability=None)
    assert {METRICS[name].head for name in part_metrics(truths, without_gender)} == {"age"}


def part_metrics(truths: Truths, outputs: ModelOutputs) -> list[str]:
    found = evaluate(PredictionTable(truths, {"candidate": outputs}), SETTINGS)
    return list(found.overall.figures["candidate"])


def test_figures_have_intervals_and_count_records_and_people() -> None:
    truths = replace(people(80), identity=np.array([f"person-{number // 2}" for number in range(80)]))
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, RNG(1).normal(0, 5, 80))}), SETTINGS)
    for name in ("age_mae", "age_error_q90", "age_cs5", "gender_accuracy", "age_bias"):
        figure = found.overall.figures["candidate"][name]
        assert (figure.records, figure.people) == (80, 40)
        assert figure.value is not None
        assert figure.interval is not None
        assert figure.interval.low <= figure.value <= figure.interval.high


def test_the_same_table_has_the_same_evaluation() -> None:
    truths = people(80)
    table = PredictionTable(truths, {"candidate": model(truths, RNG(2).normal(0, 5, 80))})
    assert evaluate(table, SETTINGS) == evaluate(table, SETTINGS)


def test_an_age_mix_alone_is_no_gap() -> None:
    # The error grows with the age for everybody; the black are 20 years older.
    rng = RNG(3)
    age = np.concatenate([rng.integers(5, 65, 400), rng.integers(25, 85, 400)])
    truths = truths_of(age.tolist(), races=["white"] * 400 + ["black"] * 400)
    settings = EvaluatorSettings(
        age_mae_max=99,
        gender_accuracy_min=0,
        gap_gates=[{"feature": "race", "age_mae_gap_max": {"limit": 0.5, "evidence": "harm"}}],
    )
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, rng.normal(0, 1 + age / 6))}), settings)
    white, black = (part(found, f"race {race}") for race in ("white", "black"))
    crude = [each.scores()["age_mae"] or 0 for each in (white, black)]
    adjusted = [each.adjusted["age_mae"].value for each in (white, black)]
    assert crude[1] - crude[0] > 2
    assert adjusted[1] == pytest.approx(adjusted[0], abs=1)
    gaps = [gap for gap in found.gaps if gap.metric == "age_mae"]
    assert [gap.slice for gap in gaps] == ["race white", "race black"]
    for gap in gaps:
        assert gap.interval is not None
        assert gap.interval.low < 0 < gap.interval.high
    assert found.blessed


def test_each_group_of_enough_people_has_a_gap_of_each_metric_that_is_a_mean() -> None:
    truths = people(200)
    truths.race[196:] = "asian"
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, RNG(4).normal(0, 5, 200))}), SETTINGS)
    assert {gap.slice for gap in found.gaps} == {"gender female", "gender male", "race white", "race black"}
    known = {spec.name for spec in adjustable_metrics() if spec.target not in ("apparent_age", "age_interval")}
    assert {gap.metric for gap in found.gaps if gap.slice == "race white"} == known
    assert part(found, "race asian").records == 4


def test_all_records_are_adjusted_to_equal_ages_and_genders() -> None:
    truths = truths_of([25.0] * 90 + [75.0] * 10, ["female"] * 90 + ["male"] * 10)
    errors = np.array([2.0] * 90 + [20.0] * 10)
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, errors)}), SETTINGS)
    assert found.overall.scores()["age_mae"] == pytest.approx(3.8)
    assert found.overall.adjusted["age_mae"].value == pytest.approx(11)


def test_pairs_of_groups_are_measured_if_they_are_asked_for() -> None:
    truths = people(80)
    table = PredictionTable(truths, {"candidate": model(truths, np.ones(80))})
    found = evaluate(table, EvaluatorSettings(**{**SETTINGS.model_dump(), "pairs": True}))
    pairs = [each for each in found.slices if len(each.values) == 2]
    assert [each.name for each in pairs] == [
        f"gender {gender}, race {race}" for gender in ("female", "male") for race in ("white", "black")
    ]
    limited = {spec.name for spec, _ in limited_metrics()}
    assert all(set(each.figures["candidate"]) <= limited for each in pairs)
    assert not any(pair in found.groups for pair in pairs)
    assert all(each in found.slices for each in evaluate(table, SETTINGS).slices)


def test_the_fraction_of_records_whose_person_is_named() -> None:
    truths = people(80)
    truths.identity[:20] = UNKNOWN
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, np.ones(80))}), SETTINGS)
    assert (found.named_fraction, found.overall.people) == (0.75, 80)


def test_a_model_that_may_not_be_compared_with_fails_the_limits_on_a_change() -> None:
    truths = people(80)
    table = PredictionTable(truths, {"candidate": model(truths, np.ones(80))})
    found = evaluate(table, SETTINGS, {"baseline": "was trained on 3 of the test records"})
    assert not found.blessed
    assert [(gate.name, gate.verdict, gate.reason) for gate in found.gates if gate.compared_with == "baseline"] == [
        (name, "failed", "the baseline model was trained on 3 of the test records")
        for name in ("age_mae_increase_max", "gender_accuracy_decrease_max")
    ]


def test_why_a_figure_is_missing() -> None:
    truths = truths_of([None] * 4, ["male"] * 4)
    without_ages = evaluate(PredictionTable(truths, {"candidate": outputs_of([30] * 4, [0.9] * 4)}), SETTINGS).overall
    assert without_ages.why_not_measured("age_mae") == "no record of exact age"
    assert without_ages.why_not_measured("gender_accuracy") is None
    assert without_ages.why_not_measured("gender_auc") == "the records of known gender are all of one gender"
    assert without_ages.why_not_measured("gender_precision_female") == "no record is predicted female"
    broken = evaluate(PredictionTable(people(4), {"candidate": outputs_of([np.nan] * 4)}), SETTINGS).overall
    assert broken.why_not_measured("age_mae") == "predictions are not finite numbers"
    assert broken.why_not_measured("gender_auc") == "no prediction of P(male)"


def test_a_figure_of_few_people_has_no_bootstrap_interval_and_says_why() -> None:
    truths = people(8)
    figures = evaluate(PredictionTable(truths, {"candidate": model(truths, RNG(5).normal(0, 5, 8))}), SETTINGS).overall
    error, right = (figures.figures["candidate"][name] for name in ("age_mae", "gender_accuracy"))
    assert (error.interval, figures.why_no_interval("age_mae")) == (None, "under 10 people")
    # Wilson's interval holds.
    assert right.interval is not None
    assert figures.why_no_interval("gender_accuracy") is None
    # Nor has what is not measured.
    assert figures.why_no_interval("apparent_age_error") is None


def test_the_calibration_error_has_no_interval_and_says_why() -> None:
    truths = people(40)
    figures = evaluate(PredictionTable(truths, {"candidate": model(truths, np.zeros(40))}), SETTINGS).overall
    assert figures.scores()["gender_ece"] is not None
    assert figures.why_no_interval("gender_ece") == "its bootstrap is biased"
    assert figures.why_no_interval("age_mae") is None


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_record_has_an_evaluation(count: int) -> None:
    truths = people(4).take(np.arange(count))
    found = evaluate(PredictionTable(truths, {"candidate": model(truths, np.ones(count))}), SETTINGS)
    assert found.blessed == (count > 0)
    assert (found.overall.records, found.gaps) == (count, [])
    assert found.overall.figures["candidate"]["age_mae"].interval is None


def test_the_change_against_another_model_has_a_paired_interval() -> None:
    truths = people(80)
    errors = RNG(3).normal(0, 5, 80)
    outputs = {
        role: model(truths, errors + more * np.sign(errors)) for role, more in (("candidate", 1), ("baseline", 0))
    }
    (mae, *others) = evaluate(PredictionTable(truths, outputs), SETTINGS).changes
    assert (mae.metric, mae.compared_with, mae.value) == ("age_mae", "baseline", pytest.approx(1, abs=1e-5))
    # Every record is worse by one year, so the difference varies with nobody.
    assert mae.interval is not None
    assert (mae.interval.low, mae.interval.high) == pytest.approx((1, 1), abs=1e-4)
    assert "gender_accuracy" in {change.metric for change in others}
