"""Predictions of a photo with unusable faces, or by a model of some outputs alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.serving.conftest import plain_jpeg
from visage.errors import VisageError
from visage.faces.face import Face
from visage.faces.settings import AlignmentSettings
from visage.prediction.each_photo import Photo, find_on
from visage.prediction.photos import NO_USABLE_FACE, PhotoPrediction, Predictor, photo_detector, predicted


def face(left: float, eye_distance: float) -> Face:
    eyes = [(left, 10.0), (left + eye_distance, 10.0)]
    landmarks = np.array([*eyes, (left, 15.0), (left, 20.0), (left + 5, 20.0)], np.float32)
    return Face((left, 0.0, left + 20, 25.0), landmarks, 0.9, 0.9)


class FixedDetector:
    """A detector that finds the given faces."""

    def __init__(self, *faces: Face) -> None:
        self._faces = list(faces)

    def detect(self, image: np.ndarray) -> list[Face]:
        return self._faces


class ThirtyYears:
    """A predictor of 30 years for every crop."""

    alignment = AlignmentSettings()

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        certain = [float(year == 30) for year in range(101)]
        outputs = {"age": 30.0, "age_probabilities": certain, "age_group": "25-32"}
        return [{**outputs, "gender": "female", "gender_probability": 0.1} for _ in crops]


class FixedPredictor:
    """A predictor of the same outputs for every crop."""

    alignment = AlignmentSettings()

    def __init__(self, **outputs: Any) -> None:
        self._outputs = outputs

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        return [self._outputs for _ in crops]


def predict(faces: Sequence[Face], predictor: Predictor) -> PhotoPrediction:
    found = find_on(Photo("photo", plain_jpeg(9, 9, 9)), FixedDetector(*faces), predictor.alignment)
    return predicted("photo", found, predictor.predict(found.crops))


def test_a_model_of_the_gender_alone_predicts_no_age() -> None:
    model = FixedPredictor(gender="male", gender_probability=0.9)
    (found,) = predict([face(5, 8)], model).faces
    assert (found.gender, found.gender_probability) == ("male", 0.9)
    assert found.age is found.age_deviation is found.age_group is found.age_probabilities is None


def test_a_model_of_age_groups_alone_spreads_over_their_middles() -> None:
    two = [0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]  # 5 and 10.5 years
    model = FixedPredictor(age=7.75, age_group="4-6", age_probabilities=two)
    (found,) = predict([face(5, 8)], model).faces
    assert (found.age, found.age_deviation) == (7.75, 2.75)
    assert found.gender is found.gender_probability is None


def test_an_output_without_age_and_gender_is_refused() -> None:
    with pytest.raises(VisageError, match="lacks a usable 'age_probabilities': was it trained by VisAge"):
        predict([face(5, 8)], FixedPredictor(logits=[1.0]))


@pytest.mark.parametrize("eye_distance", [0.0, 1e4, np.nan])
def test_a_face_with_impossible_eyes_does_not_affect_others(eye_distance: float) -> None:
    prediction = predict([face(2, eye_distance), face(5, 8)], ThirtyYears())
    assert [found.box[0] for found in prediction.faces] == [5]
    assert prediction.problem is None


@pytest.mark.parametrize("eye_distance", [0.0, 1e4, np.nan])
def test_a_photo_of_impossible_eyes_alone_has_a_problem(eye_distance: float) -> None:
    prediction = predict([face(2, eye_distance)], ThirtyYears())
    assert (prediction.faces, prediction.problem) == ([], NO_USABLE_FACE)
    assert (prediction.width, prediction.height) == (32, 32)


@pytest.mark.parametrize(
    ("trained_with", "found_with"), [("mtcnn", "mtcnn"), ("blazeface",) * 2, ("none", "blazeface")]
)
def test_the_detector_is_the_one_of_the_models_training_crops(trained_with: str, found_with: str) -> None:
    assert photo_detector(AlignmentSettings(detector=trained_with)) == found_with
