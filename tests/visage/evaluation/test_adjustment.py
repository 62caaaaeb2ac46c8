"""Groups against the other records of the same ages."""

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.adjustment import Adjusted, adjust
from visage.evaluation.measurement import measure_slices
from visage.evaluation.metrics import METRICS, adjustable_metrics
from visage.evaluation.predictions.table import PredictionTable, Truths
from visage.evaluation.slices import slices_of
from visage.evaluation.statistics.intervals import clusters_of

# Three children are white and one is asian; of the adults it is the other way round.
MIXED = truths_of(
    ages=[2, 2, 2, 2, 42, 42, 42, 42], races=["white", "white", "white", "asian", "white", "asian", "asian", "asian"]
)


def adjusted(truths: Truths, errors: np.ndarray, *features: str) -> dict[str, Adjusted]:
    """Returns the adjusted age error of each group, by its name."""
    return {name: found["age_mae"] for name, found in all_adjusted(truths, errors, *features).items()}


def all_adjusted(truths: Truths, errors: np.ndarray, *features: str) -> dict[str, dict[str, Adjusted]]:
    table = PredictionTable(truths, {"candidate": outputs_of(np.nan_to_num(truths.age) + errors)})
    clusters = clusters_of(truths.identity, truths.key)
    slices = slices_of(truths, clusters, features)[1:]  # type: ignore[arg-type]
    return {name: dict(found) for name, found in adjust(table, "candidate", slices, clusters).items()}


def test_groups_of_other_ages_and_equal_errors_by_age_differ_crudely_and_are_equal_adjusted() -> None:
    # Errors depend on the age alone: 1 year of children, 9 of adults.
    errors = np.where(MIXED.age < 10, 1.0, 9.0)
    table = PredictionTable(MIXED, {"candidate": outputs_of(MIXED.age + errors)})
    clusters = np.arange(8)
    slices = slices_of(MIXED, clusters, ["race"])
    crude = measure_slices(table, "candidate", slices, [METRICS["age_mae"]], clusters)
    assert [crude[part.name]["age_mae"].value for part in slices] == [5, 3, 7]

    found = adjusted(MIXED, errors, "race")
    white, asian = found["race white"], found["race asian"]
    assert (white.expected, asian.expected) == pytest.approx((3, 7))
    assert (white.gap.value, asian.gap.value) == pytest.approx((0, 0))
    assert (white.figure.value, asian.figure.value) == pytest.approx((5, 5))


def test_a_group_that_is_worse_at_every_age_has_that_gap() -> None:
    # 4 years more of the asian; expected of each group are the errors of the other.
    errors = np.where(MIXED.age < 10, 1.0, 9.0) + 4 * (MIXED.race == "asian")
    found = adjusted(MIXED, errors, "race")
    assert found["race asian"].expected == pytest.approx((1 + 3 * 9) / 4)
    assert found["race asian"].gap.value == pytest.approx(4)
    assert found["race white"].gap.value == pytest.approx(-4)


def test_an_age_group_is_compared_with_all_others() -> None:
    errors = np.where(MIXED.age < 10, 1.0, 9.0)
    found = adjusted(MIXED, errors, "age_group")
    assert [group.expected for group in found.values()] == pytest.approx([9, 1])
    assert [group.gap.value for group in found.values()] == pytest.approx([-8, 8])


def test_higher_is_better_of_a_fraction() -> None:
    errors = np.where(MIXED.race == "asian", 9.0, 1.0)
    found = all_adjusted(MIXED, errors, "race")
    # Worse than its ages let expect: everybody of the group is more than five years wrong.
    asian = found["race asian"]["age_cs5"]
    assert asian.expected == pytest.approx(1)
    assert asian.gap.value == pytest.approx(1)


def test_a_group_that_is_all_right_is_not_surely_better_than_others() -> None:
    # 38 of the 40 others are right. Of a group of 40 that is all right, the true fraction may be 0.05 ** (1 / 40).
    truths = truths_of([30.0] * 80, races=["asian"] * 40 + ["white"] * 40)
    some_wrong = all_adjusted(truths, np.array([0.0] * 78 + [9.0] * 2), "race")
    none_wrong = all_adjusted(truths, np.zeros(80), "race")
    asian, white, everybody = some_wrong["race asian"], some_wrong["race white"], none_wrong["race white"]
    for found, value in ((asian, -2 / 40), (white, 2 / 40), (everybody, 0.0)):
        gap = found["age_cs5"].gap
        assert gap.value == pytest.approx(value)
        assert gap.interval is not None
        assert gap.interval.low < value - 0.07
        assert gap.interval.high > value + 0.07


@pytest.mark.parametrize("others_of_its_ages", [0, 1])
def test_a_group_that_is_all_right_is_as_uncertain_where_it_is_alone_in_its_ages(others_of_its_ages: int) -> None:
    # 30 of age, all right; of 100 children some are wrong. The 30 may be wrong in 0.05 ** (1 / 30) of the cases.
    ages = [42.0] * 30 + [42.0] * others_of_its_ages + [2.0] * (100 - others_of_its_ages)
    truths = truths_of(ages, races=["asian"] * 30 + ["white"] * 100)
    errors = np.where((np.arange(130) % 10 == 0) & (truths.age < 10), 9.0, 0.0)
    figure = all_adjusted(truths, errors, "race")["race asian"]["age_cs5"].figure
    assert figure.value is not None
    assert figure.interval is not None
    assert figure.interval.low < figure.value - 0.08


def test_a_group_that_is_alone_in_its_ages_has_no_gap() -> None:
    truths = truths_of([2, 2, 2, 42, 42], races=["white", "white", "white", "white", "asian"])
    found = adjusted(truths, np.array([1, 1, 1, 9, 9]), "race")
    assert found["race white"].overlap == pytest.approx(1 / 4)
    assert found["race white"].gap.value is found["race white"].expected is None
    assert (found["race asian"].overlap, found["race asian"].gap.value) == (1, 0)


def test_the_interval_holds_0_where_groups_differ_by_their_ages_alone() -> None:
    rng = np.random.default_rng(1)
    age = np.concatenate([rng.integers(0, 60, 500), rng.integers(20, 90, 500)])
    truths = truths_of(age.tolist(), races=["white"] * 500 + ["black"] * 500)
    found = adjusted(truths, rng.normal(0, 1 + age / 10), "race")
    for group in found.values():
        assert group.gap.interval is not None
        assert group.gap.interval.low < 0 < group.gap.interval.high
        assert group.gap.people == 500


def test_records_of_unknown_age_are_compared_with_each_other() -> None:
    truths = truths_of([None, None, 30, 30], genders=["male", "female", "male", "female"], races=["white", "black"] * 2)
    table = PredictionTable(truths, {"candidate": outputs_of([30, 30, 30, 30], [0.9, 0.9, 0.9, 0.1])})
    slices = slices_of(truths, np.arange(4), ["race"])[1:]
    found = adjust(table, "candidate", slices, np.arange(4))
    assert found["race white"]["gender_accuracy"].expected == pytest.approx((0 + 1) / 2)
    assert found["race black"]["gender_accuracy"].gap.value == pytest.approx(1 - 1 / 2)


def test_only_what_is_known_and_predicted_is_compared() -> None:
    truths = truths_of([None] * 4, races=["white", "black"] * 2)
    assert all_adjusted(truths, np.zeros(4), "race") == {"race white": {}, "race black": {}}
    known = all_adjusted(MIXED, np.zeros(8), "race")["race white"]
    of_the_age = {spec.name for spec in adjustable_metrics() if spec.target in ("age", "age_group")}
    assert set(known) == of_the_age


def test_predictions_that_are_no_numbers_leave_no_gap() -> None:
    errors = np.zeros(8)
    errors[0] = np.nan
    found = all_adjusted(MIXED, errors, "race")
    assert "age_mae" not in found["race white"]
    # They count as wrong.
    assert found["race white"]["age_cs5"].gap.value == pytest.approx(1 / 4)
