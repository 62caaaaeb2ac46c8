"""Metrics of systems on all faces, and group by group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.peers.systems import SystemPredictions
from components.evaluator.slices import OVERALL, slice_name
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.records import FaceRecord
from visage.evaluation.metrics import Scores
from visage.evaluation.predictions import Predictions
from visage.evaluation.scores import measure


@dataclass(frozen=True)
class Group:
    """A group of the faces.

    Attributes:
        name: 'overall', or e.g. 'race white'.
        members: bool [n], which of the faces.
    """

    name: str
    members: np.ndarray


def groups(faces: Sequence[FaceRecord]) -> list[Group]:
    """Returns all faces, then each race group and each gender that occurs."""
    found = [Group(OVERALL, np.ones(len(faces), bool))]
    for feature, values in (("race", (*RACES, UNKNOWN)), ("gender", (*GENDERS, UNKNOWN))):
        of_faces = np.array([getattr(face, feature) for face in faces])
        found += [Group(slice_name(feature, value), of_faces == value) for value in values if value in of_faces]
    return found


def scores(faces: Sequence[FaceRecord], predictions: SystemPredictions) -> dict[str, Scores]:
    """Returns the metrics of one system, by the names of `groups`."""
    truth = {
        "keys": np.array([face.key for face in faces]),
        "images": np.array([face.image_digest for face in faces]),
        "true_age": np.array([np.nan if face.age is None else face.age for face in faces], np.float32),
        "true_age_group": np.array([-1 if face.age_group is None else face.age_group for face in faces]),
        "true_gender": np.array([GENDERS.index(face.gender) if face.gender in GENDERS else -1 for face in faces]),
    }
    outputs = {"age": predictions.age, "gender_probability": predictions.male}
    return {
        group.name: measure(
            Predictions(
                age_group_probabilities=None,
                **{name: each[group.members] for name, each in {**truth, **outputs}.items()},
            )
        )
        for group in groups(faces)
    }
