"""Predicts every face on a photo, by the same code for the client and the demo page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Protocol

import numpy as np

from visage.data.labels import AGE_GROUP_MIDDLES
from visage.errors import VisageError
from visage.faces.align import align
from visage.faces.detector import Detector
from visage.faces.encode import encode
from visage.faces.face import Face
from visage.faces.image_io import DecodeError, decode
from visage.faces.settings import NO_DETECTOR, AlignmentSettings
from visage.saved_model.identity import ModelIdentity

NO_FACE = "no face was found"
NO_USABLE_FACE = "the eyes of the face that was found lie too far apart or together"


@dataclass(frozen=True)
class FacePrediction:
    """The prediction for one face; None for outputs that the model lacks.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo.
        landmarks: five points x, y in the same pixels: right eye, left eye, nose, right and left mouth corner.
        score: score of the detector, 0..1.
        age: years.
        age_deviation: years; the standard deviation of `age_probabilities`.
        age_group: one of Adience's eight, e.g. '25-32'.
        age_probabilities: 101, for ages 0 to 100, or 8, for Adience's groups; they add up to 1.
        gender: 'female' or 'male', the binary label of the data sets.
        gender_probability: P(male), 0..1.
    """

    box: tuple[float, ...]
    landmarks: tuple[tuple[float, ...], ...]
    score: float
    age: float | None = None
    age_deviation: float | None = None
    age_group: str | None = None
    age_probabilities: tuple[float, ...] | None = None
    gender: str | None = None
    gender_probability: float | None = None


@dataclass(frozen=True)
class PhotoPrediction:
    """The predictions for all faces of one photo.

    Attributes:
        path: the photo's file.
        model: identity of the model; None if none was used.
        width, height: pixels of the upright photo; 0 if it cannot be read.
        faces: from left to right.
        problem: one line on why there is no prediction; None if there is one.
    """

    path: str
    model: ModelIdentity | None = field(default=None, kw_only=True)
    width: int = 0
    height: int = 0
    faces: list[FacePrediction] = field(default_factory=list)
    problem: str | None = None


class Predictor(Protocol):
    """Access to a model, local or remote."""

    @property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""


def photo_detector(alignment: AlignmentSettings) -> str:
    """Returns the name of the detector for a model's photos: the one that cut its training crops.

    If its training images were crops already, it is BlazeFace, since a photo is not a crop.
    """
    return "blazeface" if alignment.detector == NO_DETECTOR else alignment.detector


def predict_photo(image: bytes, path: str, detector: Detector, predictor: Predictor) -> PhotoPrediction:
    """Finds, aligns and predicts every face on a photo.

    Args:
        image: the file's bytes.
        path: its name in the result.

    Returns:
        A prediction, or a problem: the photo is unreadable, or has no face that can be cut out. A face that cannot be
        cut out is ignored if others can.
    """
    try:
        pixels = decode(image)
    except DecodeError as error:
        return PhotoPrediction(path, problem=str(error))
    height, width = pixels.shape[:2]
    found = sorted(detector.detect(pixels), key=lambda face: face.box[0])
    if not found:
        return PhotoPrediction(path, width, height, problem=NO_FACE)
    crops = [_crop(pixels, face, predictor.alignment) for face in found]
    usable = [(face, crop) for face, crop in zip(found, crops, strict=True) if crop is not None]
    if not usable:
        return PhotoPrediction(path, width, height, problem=NO_USABLE_FACE)
    outputs = predictor.predict([crop for _, crop in usable])
    faces = [_combine(face, output) for (face, _), output in zip(usable, outputs, strict=True)]
    return PhotoPrediction(path, width, height, faces)


def _crop(pixels: np.ndarray, face: Face, settings: AlignmentSettings) -> bytes | None:
    """Returns the face's JPEG crop; None if its eyes cannot be those of a face on this image."""
    try:
        return encode(align(pixels, face.landmarks, settings), settings.jpeg_quality)
    except ValueError:
        return None


def _combine(face: Face, output: dict[str, Any]) -> FacePrediction:
    try:
        return FacePrediction(
            box=tuple(round(float(edge), 2) for edge in face.box),
            landmarks=tuple(tuple(round(float(value), 2) for value in point) for point in face.landmarks),
            score=round(float(face.score), 4),
            **(_age(output) if "age" in output or "gender" not in output else {}),
            **(_gender(output) if "gender" in output else {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VisageError(f"the model's prediction lacks a usable {error}: was it trained by VisAge?") from error


def _age(output: dict[str, Any]) -> dict[str, Any]:
    probabilities = tuple(float(p) for p in output["age_probabilities"])
    return {
        "age": float(output["age"]),
        "age_deviation": _deviation(probabilities),
        "age_group": str(output["age_group"]),
        "age_probabilities": probabilities,
    }


def _gender(output: dict[str, Any]) -> dict[str, Any]:
    return {"gender": str(output["gender"]), "gender_probability": float(output["gender_probability"])}


def _deviation(probabilities: Sequence[float]) -> float:
    """Returns the standard deviation in years of a distribution over the ages 0, 1, 2, ..., or over the age groups."""
    of_groups = len(probabilities) == len(AGE_GROUP_MIDDLES)
    fractions, ages = (
        np.asarray(probabilities),
        np.asarray(AGE_GROUP_MIDDLES if of_groups else range(len(probabilities))),
    )
    mean = float((fractions * ages).sum())
    return sqrt(max(0.0, float((fractions * (ages - mean) ** 2).sum())))
