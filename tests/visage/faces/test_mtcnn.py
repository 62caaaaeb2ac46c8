"""MTCNN returns faces as every detector does; without its package, the error names what to install."""

import importlib.util
import sys

import numpy as np
import pytest

from tests.visage.faces.drawn_photo import Place, drawn_photo, eyes
from visage.errors import VisageError
from visage.faces.detector import Detector, make_detector


@pytest.fixture(scope="module")
def detector() -> Detector:
    if importlib.util.find_spec("mtcnn") is None:
        pytest.skip("the package mtcnn is not installed: make set-up EXTRAS=mtcnn")
    return make_detector("mtcnn")


def test_a_drawn_face_is_found_with_its_eyes(detector: Detector) -> None:
    place: Place = ((160.0, 110.0), 55.0, 8.0)
    (face,) = detector.detect(drawn_photo([place]))
    assert face.landmarks.dtype == np.float32
    assert np.abs(face.landmarks[:2] - eyes(place)).max() < 0.2 * place[1]
    right_eye, left_eye, nose, right_corner, left_corner = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_corner[0] < nose[0] < left_corner[0]
    x0, y0, x1, y1 = face.box
    assert x0 < 160 < x1
    assert y0 < 110 < y1
    assert 0.5 <= face.score <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (23, 40), (24, 24), (240, 320)])
def test_an_image_without_people_has_no_face(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.zeros((*shape, 3), np.uint8)) == []


def test_without_the_package_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(VisageError, match=r"^alignment.detector: mtcnn: the package mtcnn is not installed; run `make"):
        make_detector("mtcnn")


def test_a_missing_dependency_of_the_package_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visage.extras._missing", lambda extra: [])
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(VisageError, match=r"its package needs mtcnn; run `make set-up EXTRAS=mtcnn`$"):
        make_detector("mtcnn")
