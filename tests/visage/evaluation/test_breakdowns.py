"""Errors by age, by class, by the quality of the image, and of single faces."""

from dataclasses import replace

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.breakdowns import FACES, Breakdown, break_down
from visage.evaluation.predictions.table import ModelOutputs, Truths

TRUTHS = truths_of([1, 3, 32, 34, None], ["female", "male", "male", "female", "male"])
OUTPUTS = outputs_of([4, 4, 30, 30, 99], [0.1, 0.9, 0.4, 0.6, np.nan])


def of(truths: Truths = TRUTHS, outputs: ModelOutputs = OUTPUTS) -> Breakdown:
    return break_down(truths, outputs, np.arange(len(truths)))


def test_the_sign_of_the_error_depends_on_whether_true_or_predicted_ages_are_grouped() -> None:
    found = of()
    assert [(each.age, each.bias.value, each.mae.value) for each in found.by_true_age] == [(0, 2, 2), (30, -3, 3)]
    assert [(each.age, each.bias.records) for each in found.by_predicted_age] == [(0, 2), (30, 2)]
    assert found.by_true_age[0].mae.interval is not None


def test_confusions_count_true_rows_and_predicted_columns() -> None:
    found = of()
    # 1 and 3 years are 0-2 (the first group), 4 is 4-6 (the second); 32 to 34 and 30 are 25-32 (the fifth).
    counts = np.array(found.age_group_confusion)
    assert {(row, column): counts[row, column] for row, column in zip(*counts.nonzero(), strict=True)} == {
        (0, 1): 2,
        (4, 4): 2,
    }
    # The one whose gender is predicted as no number is not counted.
    assert found.gender_confusion == [[1, 1], [1, 1]]


def test_the_reliability_of_p_male_is_that_of_known_genders_and_finite_predictions() -> None:
    found = of().gender_reliability
    assert sum(each.observed.records for each in found) == 4
    assert found[9].predicted == pytest.approx(0.9)
    assert found[9].observed.value == 1


def test_a_gender_without_a_probability_has_a_confusion_and_no_reliability() -> None:
    named = replace(OUTPUTS, gender_probability=None, gender=np.array([0, 1, 0, 1, np.nan], np.float32))
    found = of(outputs=named)
    assert (found.gender_confusion, found.gender_reliability) == ([[1, 1], [1, 1]], [])


def test_the_distribution_of_ages_has_a_histogram_of_positions() -> None:
    assert of().age_pit == []
    certain = np.eye(101, dtype=np.float32)[[1, 3, 32, 34, 50]]
    found = of(outputs=replace(OUTPUTS, age_probabilities=certain)).age_pit
    # The true age is in the middle of its own year.
    assert [each.fraction.value for each in found] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_a_head_that_a_model_lacks_is_not_broken_down() -> None:
    without_gender = of(outputs=replace(OUTPUTS, gender_probability=None))
    assert without_gender.gender_confusion == without_gender.gender_reliability == []
    without_age = of(outputs=replace(OUTPUTS, age=None))
    assert without_age.by_true_age == without_age.by_predicted_age == without_age.faces == []
    assert without_age.age_group_confusion == []


def test_images_are_divided_into_quarters_by_their_quality() -> None:
    truths = replace(
        truths_of([30.0] * 8),
        quality={"blur": np.arange(8.0), "roll": np.array([-4, 3, -2, 1, 0, np.nan, np.nan, np.nan])},
    )
    found = of(truths, outputs_of((30 + np.arange(8.0)).tolist())).by_quality
    blur, roll = ([each for each in found if each.measure == measure] for measure in ("blur", "roll"))
    assert [(each.low, each.high) for each in blur] == [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert [each.mae.value for each in blur if each.mae] == [0.5, 2.5, 4.5, 6.5]
    # Without its sign, and without the unknown: 0 and 1 degrees first.
    assert [(each.low, each.high) for each in roll] == [(0, 1), (2, 2), (3, 3), (4, 4)]
    assert {each.gender_accuracy for each in found} == {None}


def test_hardly_any_known_quality_is_not_divided() -> None:
    truths = replace(truths_of([30.0] * 8), quality={"blur": np.array([1, 2, 3] + [np.nan] * 5)})
    assert of(truths, outputs_of([30] * 8)).by_quality == []


def test_the_worst_faces_come_first_and_then_typical_ones() -> None:
    errors = np.arange(40.0)
    found = of(truths_of([30.0] * 40), outputs_of((30 + errors).tolist())).faces
    worst, typical = ([each for each in found if each.kind == kind] for kind in ("worst", "typical"))
    assert [each.age - each.true_age for each in worst] == list(range(39, 39 - FACES, -1))
    assert {each.age - each.true_age for each in typical} == set(range(14, 14 + FACES))
    assert worst[0].key == "record-00039"


def test_no_record_has_an_empty_breakdown() -> None:
    found = of(truths_of([]), outputs_of([], []))
    assert (found.by_true_age, found.gender_reliability, found.age_pit, found.faces) == ([], [], [], [])
