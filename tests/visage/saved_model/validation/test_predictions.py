"""A model's numbers must be in range, and its names must follow from them."""

import numpy as np
import pytest

from visage.saved_model.validation.errors import UnservableError
from visage.saved_model.validation.predictions import check_predictions


def years(age: float, group: bytes) -> dict[str, np.ndarray]:
    """Returns the prediction for one face by a network that predicts a distribution over the years."""
    probabilities = np.zeros((1, 101), np.float32)
    whole = min(int(age), 99)
    probabilities[0, whole : whole + 2] = 1 - (age - whole), age - whole
    return {
        "age": np.array([age], np.float32),
        "age_probabilities": probabilities,
        "age_group": np.array([group], object),
    }


def groups(group: bytes, **probabilities: float) -> dict[str, np.ndarray]:
    """Returns the prediction of a network of age groups, with all mass in two of them."""
    row = np.zeros((1, 8), np.float32)
    row[0, :2] = probabilities["first"], probabilities["second"]
    return {"age": np.array([3.0]), "age_probabilities": row, "age_group": np.array([group], object)}


def gender(probability: float, name: bytes) -> dict[str, np.ndarray]:
    return {"gender_probability": np.array([probability], np.float32), "gender": np.array([name], object)}


@pytest.mark.parametrize(
    "outputs",
    [
        years(30, b"25-32"),
        years(0, b"0-2"),
        years(100, b"60-100"),
        # 35.5 is rounded to 36, which is of the older group.
        years(35.4999, b"25-32"),
        years(35.4999, b"38-43"),
        groups(b"0-2", first=0.6, second=0.4),
        groups(b"4-6", first=0.5001, second=0.4999),
        gender(0.2, b"female"),
        gender(0.9, b"male"),
        gender(0.5001, b"female"),
    ],
)
def test_names_that_follow_from_the_numbers_are_accepted(outputs: dict[str, np.ndarray]) -> None:
    check_predictions("serving_default", outputs)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (years(30, b"60-100"), "age_group is 60-100, but its numbers give 25-32"),
        (years(35.48, b"38-43"), "age_group is 38-43, but its numbers give 25-32"),
        (years(30, b"33-40"), "age_group is '33-40', none of 0-2, 4-6"),
        (years(30, b"\xff"), "age_group is '\ufffd', none of 0-2, 4-6"),
        (groups(b"4-6", first=0.6, second=0.4), "age_group is 4-6, but its numbers give 0-2"),
        (gender(0.2, b"male"), "gender is male, but its numbers give female"),
        ({**years(30, b"25-32"), "age": np.array([np.nan])}, "age is not finite"),
    ],
)
def test_contradictory_predictions_are_refused(outputs: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(UnservableError) as refused:
        check_predictions("serving_default", outputs)
    assert str(refused.value).startswith(f"serving_default: output {reason}")


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ({**years(30, b"25-32"), "age": np.array([101.0])}, "ages from 101 to 101 are not within 0 to 100"),
        (
            {**years(30, b"25-32"), "age_probabilities": np.full((1, 50), 0.02, np.float32)},
            "age_probabilities has 50 a face, not 101 or 8",
        ),
        (groups(b"0-2", first=0.6, second=0.6), "rows of age_probabilities are no distributions, one sums to 1.2"),
        (gender(1.5, b"male"), "gender_probability is not within 0 to 1"),
    ],
)
def test_numbers_out_of_their_range_are_refused(outputs: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(UnservableError) as refused:
        check_predictions("evaluate", outputs)
    assert str(refused.value) == f"evaluate: {reason}"
