"""Which groups meet limits on the gap to the others of their ages."""

import numpy as np
import pytest

from tests.visage.evaluation.gates.some_gates import GENERATOR, gates_of, limit, limits, random_truths
from tests.visage.evaluation.some_tables import truths_of

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
    assert (gate.verdict, gate.reason) == ("not gated", "no record of exact age")


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
