"""The labels of copies of one image tell what error a perfect model would still have."""

from typing import Any

import numpy as np
import pytest

from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.evaluation.label_noise import CopyLabels, LabelPair, LabelPairs, label_noise


def pair(number: int, first: float | None, second: float | None, *genders: str) -> LabelPair:
    both = genders or ("male", "male")
    return LabelPair(f"image {number}", CopyLabels(first, both[0]), CopyLabels(second, both[1]))


def test_two_labels_differ_by_twice_the_variance_of_one() -> None:
    rng = np.random.default_rng(5)
    truth, errors = rng.uniform(0, 90, 4000), rng.normal(0, 4, (2, 4000))
    pairs = [pair(number, *ages) for number, ages in enumerate((truth + errors).T)]
    noise = label_noise(pairs)["age"]
    error_of_perfect_model = np.abs(errors[0]).mean()
    assert noise["floor"] == pytest.approx(error_of_perfect_model, rel=0.03)
    low, high = noise["floor_interval"]
    assert low < error_of_perfect_model < high
    assert noise["least_floor"] < error_of_perfect_model
    assert noise["floor"] == pytest.approx(noise["mean_difference"] / 2**0.5)


def test_rare_gross_errors_still_leave_the_least_floor() -> None:
    rng = np.random.default_rng(5)
    errors = np.where(rng.random((2, 4000)) < 0.05, 40.0, 0.0)
    noise = label_noise([pair(number, *(30 + both)) for number, both in enumerate(errors.T)])["age"]
    assert noise["least_floor"] <= np.abs(errors).mean() < noise["floor"]
    assert noise["differ"] == pytest.approx(2 * 0.05 * 0.95, abs=0.02)


def test_genders_that_differ_limit_the_accuracy() -> None:
    rng = np.random.default_rng(5)
    wrong = rng.random((4000, 2)) < 0.05
    pairs = [pair(number, 30, 30, *np.where(both, "female", "male")) for number, both in enumerate(wrong)]
    noise = label_noise(pairs)["gender"]
    assert noise["ceiling"] == pytest.approx(0.95, abs=0.01)
    low, high = noise["ceiling_interval"]
    assert low < 0.95 < high


def test_age_bands_are_those_of_the_mean_age() -> None:
    pairs = [pair(1, 30, 30), pair(2, 29, 33), pair(3, 60, 80)]
    assert label_noise(pairs)["age"]["by_age_group"] == {
        "25-32": {"pairs": 2, "mean_difference": 2.0},
        "60-100": {"pairs": 1, "mean_difference": 20.0},
    }


def test_without_copies_nothing_is_claimed() -> None:
    noise = label_noise([])
    assert noise["pairs"] == noise["age"]["pairs"] == noise["gender"]["pairs"] == 0
    assert noise["age"]["floor"] is noise["age"]["interval"] is noise["gender"]["ceiling"] is None


def test_many_copies_of_one_image_have_no_interval_of_years() -> None:
    assert label_noise([pair(1, 30, 30 + number) for number in range(20)])["age"]["interval"] is None


def test_genders_that_differ_as_often_as_not_have_no_ceiling() -> None:
    noise = label_noise([pair(number, 30, 30, "male", "female") for number in range(20)])
    assert noise["gender"]["differ"] == 1.0
    assert noise["gender"]["ceiling"] is noise["gender"]["ceiling_interval"] is None


def drop(key: str, image: str, age: float | None, gender: str, **more: Any) -> dict[str, Any]:
    found = {"key": key, "picture_digest": image, "age": age, "labels": {"source": "utkface", "gender": gender}}
    return {"rule": "conflicting_labels", **found, **more}


def test_all_pairs_of_copies_count_and_unknown_labels_do_not() -> None:
    pairs = LabelPairs()
    for key, age, gender in (("c", 31, "male"), ("a", 20, "male"), ("b", None, "unknown"), ("d", 33, "female")):
        pairs.add_drop(drop(key, "image", age, gender))
    noise = pairs.report()["identical"]
    assert noise["pairs"] == 6
    # 20, 31 and 33 years; male, male and female.
    assert noise["age"]["pairs"] == noise["gender"]["pairs"] == 3
    assert noise["age"]["mean_difference"] == pytest.approx((11 + 13 + 2) / 3)
    assert noise["gender"]["differ"] == pytest.approx(2 / 3)


def test_an_image_of_many_copies_does_not_outweigh_the_rest() -> None:
    pairs = LabelPairs()
    for number in range(1000):
        pairs.add_drop(drop(f"{number:04}", "image", 30, "male"))
    assert pairs.report()["identical"]["pairs"] == 45


def test_the_copy_that_stays_counts_with_its_own_labels() -> None:
    pairs = LabelPairs()
    kept = {"age": 30.0, "gender": "female"}
    pairs.add_drop(drop("b", "image", 36, "female", rule="duplicate_picture", kept_copy=kept))
    assert pairs.report()["identical"]["age"]["mean_difference"] == 6.0


def test_a_near_duplicate_is_compared_with_the_image_that_it_is_like() -> None:
    written = FaceRecord(
        b"", "utkface/1", AgeInterval.exact(40.0), "male", "utkface/1", "utkface", image_digest="ab" * 16
    )
    pairs = LabelPairs()
    pairs.add_written(written)
    near = {"rule": "near_duplicate_in_other_split"}
    pairs.add_drop(drop("utkface/2", "cd" * 16, 44.0, "female", near_duplicate="ab" * 8, **near))
    # Its near duplicate was dropped too.
    pairs.add_drop(drop("utkface/3", "ef" * 16, 45.0, "female", near_duplicate="cd" * 8, **near))
    noise = pairs.report()["near"]
    assert noise["age"]["pairs"] == 2
    assert noise["age"]["mean_difference"] == 2.5
    assert noise["gender"]["differ"] == 0.5


def test_guesses_of_an_apparent_age_do_not_count() -> None:
    age = AgeInterval.exact(40.0)
    written = FaceRecord(b"", "a", age, "male", "a", "utkface", image_digest="ab" * 16, apparent_age_mean=40.0)
    pairs = LabelPairs()
    pairs.add_written(written)
    pairs.add_drop(drop("b", "cd" * 16, 44.0, "male", near_duplicate="ab" * 8, rule="near_duplicate_in_other_split"))
    assert pairs.report()["near"]["age"]["pairs"] == 0
