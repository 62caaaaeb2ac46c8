"""Metrics use the records with known labels, differences between models all records."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import drawn_crops
from tests.visage.tflite.networks import one_convolution
from visage.tflite.quality import Quality, compare
from visage.training.batches import open_split


def test_a_model_that_makes_everybody_older_and_male(tmp_path: Path) -> None:
    people = drawn_crops.people(30, seed=4)
    network = one_convolution()
    split = open_split("test", [str(drawn_crops.write_split(tmp_path, "test", people))])

    def older(pixels: np.ndarray) -> dict[str, np.ndarray]:
        return {"age": network(pixels)["age"] + 200.0, "gender_probability": np.ones(len(pixels))}

    network_quality, quality = compare(network, [older], split)

    assert (network_quality.age_change_max, network_quality.gender_changed) == (0, 0)
    ages = [person.age for person in people if person.age is not None]
    assert len(ages) < len(people)
    assert quality.age_change_mean == pytest.approx(200, abs=1e-3)
    assert quality.scores["age_mae"] is not None
    assert 200 - np.mean(ages) < quality.scores["age_mae"] < 300 - np.mean(ages)
    known = [person.gender for person in people if person.gender != "unknown"]
    assert quality.scores["gender_accuracy"] == pytest.approx(known.count("male") / len(known))


def test_outputs_that_a_network_lacks_are_not_measured(tmp_path: Path) -> None:
    split = open_split("test", [str(drawn_crops.write_split(tmp_path, "test", drawn_crops.people(5, seed=4)))])
    (quality,) = compare(one_convolution(gender_head=None), [], split)
    assert (quality.scores["gender_accuracy"], quality.gender_changed) == (None, None)
    assert isinstance(quality, Quality)
    assert quality.scores["age_mae"] is not None


def test_nan_predictions_are_wrong_and_have_no_mean_error(tmp_path: Path) -> None:
    network = one_convolution()
    woman = drawn_crops.people(20, seed=4)[:1]
    split = open_split("test", [str(drawn_crops.write_split(tmp_path, "test", woman))])

    def broken(pixels: np.ndarray) -> dict[str, np.ndarray]:
        return {"age": np.full(len(pixels), np.nan), "gender_probability": np.full(len(pixels), np.nan)}

    _, quality = compare(network, [broken], split)
    known = woman[0].gender != "unknown"
    assert quality == Quality({"age_mae": None, "gender_accuracy": 0.0 if known else None}, gender_changed=1.0)
