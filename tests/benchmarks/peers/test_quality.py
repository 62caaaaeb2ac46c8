"""Systems are measured on all faces and group by group, each on its own predictions."""

import numpy as np
import pytest

from benchmarks.peers.__main__ import marked
from benchmarks.peers.quality import groups, scores
from benchmarks.peers.systems import SystemPredictions
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord


def face(age: float | None, gender: str, race: str) -> FaceRecord:
    label = None if age is None else AgeInterval.exact(age)
    return FaceRecord(b"", "key", label, gender, "identity", "utkface", race)


FACES = [
    face(20, "male", "white"),
    face(30, "female", "white"),
    face(40, "female", "asian"),
    face(None, "male", "asian"),
]
PREDICTIONS = SystemPredictions(age=np.array([25.0, 36.0, 40.0, 99.0]), male=np.array([0.9, 0.8, 0.1, 0.2]), cpu_ms=1.0)


def test_groups_are_those_that_have_faces() -> None:
    assert {group.name: len(group) for group in groups(FACES)} == {
        "overall": 4,
        "race white": 2,
        "race asian": 2,
        "gender female": 2,
        "gender male": 2,
    }


def test_each_group_is_measured_on_its_own_faces_with_known_labels() -> None:
    found = scores(FACES, PREDICTIONS)
    assert found["overall"]["age_mae"] == pytest.approx(11 / 3, abs=1e-4)
    assert found["overall"]["age_cs5"] == pytest.approx(2 / 3)
    assert found["overall"]["gender_accuracy"] == 0.5
    assert (found["race asian"]["age_mae"], found["race asian"]["gender_accuracy"]) == (0, 0.5)
    assert (found["gender female"]["age_mae"], found["gender female"]["gender_accuracy"]) == (3, 0.5)


def test_the_best_of_a_row_has_a_star() -> None:
    assert marked([4.4, 5.2, None], "{:.1f}".format, min) == ["4.4*", "5.2 ", ""]
    assert marked([0.9, 0.9], "{:.0%}".format, max) == ["90%*", "90%*"]
    assert marked([None], "{:.1f}".format, min) == [""]
