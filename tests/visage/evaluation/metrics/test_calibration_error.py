"""The calibration error counts people, and is not biased by the size of its bins."""

import numpy as np
import pytest

from tests.visage.evaluation.metrics.measured import measured
from visage.evaluation.metrics import summaries


def test_the_calibration_error_is_the_true_one_however_small_the_bins() -> None:
    rng = np.random.default_rng(6)
    predicted = rng.uniform(0.05, 0.85, 150_000)
    calibrated = (rng.uniform(size=len(predicted)) < predicted).astype(int)
    too_low = (rng.uniform(size=len(predicted)) < predicted + 0.1).astype(int)
    assert measured("gender_ece", calibrated, predicted) == pytest.approx(0, abs=0.005)
    assert measured("gender_ece", too_low, predicted) == pytest.approx(0.1, abs=0.005)
    # Of 150 records the ten in each bin would show an error of 0.15 without the correction.
    small = [
        measured("gender_ece", calibrated[start : start + 150], predicted[start : start + 150])
        for start in range(0, 15_000, 150)
    ]
    assert np.mean(np.square(np.array(small, float))) < 0.1**2


def test_the_calibration_error_counts_people_not_their_images() -> None:
    # All are predicted 0.1, one of them is a man: one bin, whose errors -0.1, -0.1, -0.1, 0.9 have the mean 0.15. Of
    # two people with two images each, the errors less the mean sum to -0.5 and 0.5: v = 2/1 * 0.5 / 16.
    values = np.array([[0, 0.1], [0, 0.1], [0, 0.1], [1, 0.1]])
    assert summaries.expected_calibration_error(values, np.array([0, 0, 1, 1])) == 0
    # 60 people with two images each, 45 of them women: d = 0.15, v = 60/59 * (45 * 0.5^2 + 15 * 1.5^2) / 120^2.
    values = np.repeat([[0, 0.1], [1, 0.1]], [90, 30], axis=0)
    found = summaries.expected_calibration_error(values, np.arange(120) // 2)
    assert found**2 == pytest.approx(0.15**2 - 60 / 59 * 45 / 120**2)
    # 120 people, as the variance of their errors is 0.25 * 0.75: v = 0.1875 / 119.
    found = summaries.expected_calibration_error(values, np.arange(120))
    assert found**2 == pytest.approx(0.15**2 - 0.1875 / 119)


def test_a_calibrated_model_has_no_calibration_error_where_each_person_has_five_images() -> None:
    rng = np.random.default_rng(9)
    person = np.repeat(np.arange(1500), 5)
    of_people, of_images = [], []
    for _ in range(20):
        probability = rng.uniform(0.1, 0.9, 1500)
        male = rng.uniform(size=1500) < probability
        values = np.stack([male, probability], axis=1)[person]
        of_people.append(summaries.expected_calibration_error(values, person))
        of_images.append(summaries.expected_calibration_error(values, np.arange(len(person))))
    assert np.mean(of_people) < 0.015
    assert np.mean(of_images) > 0.035


def test_records_of_one_prediction_are_of_one_bin() -> None:
    # All are predicted 1/2, and half of them are men: in whatever order, nothing is wrong with that.
    assert measured("gender_ece", [0] * 50 + [1] * 50, [0.5] * 100) == 0
    assert measured("gender_ece", [0, 1] * 50, [0.5] * 100) == 0
