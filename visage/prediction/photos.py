"""Predicts every face on a photo, by the same code for the client and the demo page."""

import time
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class FoundFaces:
    """The faces of one photo before their prediction.

    Attributes:
        width, height: pixels of the upright photo.
        faces: those that can be cut out, from left to right.
        crops: for each of them the JPEG that the network gets.
        problem: one line on why there are none; None if there are.
        find_seconds, align_seconds: time of the detector, and of cutting out the crops.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    crops: tuple[bytes, ...]
    problem: str | None
    find_seconds: float = 0.0
    align_seconds: float = 0.0

    @classmethod
    def none(cls, problem: str) -> "FoundFaces":
        """Returns those of a photo that cannot be read."""
        return cls(0, 0, (), (), problem)


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


def predicted(
    path: str, found: FoundFaces, outputs: Sequence[Mapping[str, Any]], model: ModelIdentity | None = None
) -> PhotoPrediction:
    """Returns the prediction of a photo from the outputs of a model for its crops, in the same order.

    Raises:
        VisageError: the model is not one of VisAge's.
    """
    faces = combine(found, outputs)
    return PhotoPrediction(
        path, model=model, width=found.width, height=found.height, faces=faces, problem=found.problem
    )


def find_faces(pixels: np.ndarray, detector: Detector, alignment: AlignmentSettings) -> FoundFaces:
    """Finds and cuts out every face on a photo; a face that cannot be cut out is ignored if others can.

    Args:
        pixels: uint8 (height, width, 3), RGB, upright.
        alignment: geometry of the model's crops.
    """
    height, width = pixels.shape[:2]
    started = time.perf_counter()
    detected = sorted(detector.detect(pixels), key=lambda face: face.box[0])
    detected_at = time.perf_counter()
    crops = [_crop(pixels, face, alignment) for face in detected]
    aligned_at = time.perf_counter()
    usable = [(face, crop) for face, crop in zip(detected, crops, strict=True) if crop is not None]
    return FoundFaces(
        width=width,
        height=height,
        faces=tuple(face for face, _ in usable),
        crops=tuple(crop for _, crop in usable),
        problem=None if usable else NO_USABLE_FACE if detected else NO_FACE,
        find_seconds=detected_at - started,
        align_seconds=aligned_at - detected_at,
    )


def combine(found: FoundFaces, outputs: Sequence[Mapping[str, Any]]) -> list[FacePrediction]:
    """Combines the faces of a photo with the model's outputs for their crops, in the same order.

    Raises:
        VisageError: the model is not one of VisAge's.
    """
    return [_combine(face, output) for face, output in zip(found.faces, outputs, strict=True)]


def _crop(pixels: np.ndarray, face: Face, settings: AlignmentSettings) -> bytes | None:
    """Returns the face's JPEG crop; None if its eyes cannot be those of a face on this image."""
    try:
        return encode(align(pixels, face.landmarks, settings), settings.jpeg_quality)
    except ValueError:
        return None


def _combine(face: Face, output: Mapping[str, Any]) -> FacePrediction:
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


def _age(output: Mapping[str, Any]) -> dict[str, Any]:
    probabilities = tuple(float(p) for p in output["age_probabilities"])
    return {
        "age": float(output["age"]),
        "age_deviation": _deviation(probabilities),
        "age_group": str(output["age_group"]),
        "age_probabilities": probabilities,
    }


def _gender(output: Mapping[str, Any]) -> dict[str, Any]:
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
