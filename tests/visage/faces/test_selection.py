"""The largest and most central of several faces is selected, or the one at a known place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.faces.face import Face
from visage.faces.selection import choose, two_candidates

SHAPE = (400, 600, 3)


def face(x: float, y: float, side: float) -> Face:
    """Returns a square face centred at (x, y)."""
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return Face(box, np.zeros((5, 2), np.float32), score=0.9, presence=1.0)


def test_the_larger_of_two_faces_in_the_same_row_is_selected() -> None:
    small, large = face(200, 200, 50), face(400, 200, 90)
    assert choose([small, large], SHAPE) is large


def test_the_more_central_of_two_equally_large_faces_is_selected() -> None:
    middle, aside = face(310, 190, 80), face(80, 60, 80)
    assert choose([aside, middle], SHAPE) is middle


def test_a_central_face_precedes_a_slightly_larger_one_in_the_corner() -> None:
    middle, corner = face(300, 200, 80), face(45, 45, 90)
    assert choose([corner, middle], SHAPE) is middle


def test_a_much_larger_face_off_the_middle_is_selected() -> None:
    middle, large = face(300, 200, 40), face(150, 200, 200)
    assert choose([middle, large], SHAPE) is large


def test_a_face_half_outside_the_image_can_be_chosen() -> None:
    only = face(0, 0, 100)
    assert choose([only], SHAPE) is only


def test_no_face_is_an_error() -> None:
    with pytest.raises(ValueError, match="no face to choose"):
        choose([], SHAPE)


def test_no_face_at_the_box_is_an_error() -> None:
    with pytest.raises(ValueError, match="no face to choose"):
        choose([face(50, 50, 60)], SHAPE, (0.3, 0.3, 0.7, 0.7))


def test_a_neighbour_that_touches_the_box_is_not_the_face_of_the_box() -> None:
    # The labelled face was not found: a hat hides it.
    box = (0.3, 0.3, 0.5, 0.6)
    neighbour = face(330, 180, 100)
    with pytest.raises(ValueError, match="no face to choose"):
        choose([neighbour], SHAPE, box)
    assert not two_candidates([neighbour, face(330, 180, 98)], SHAPE, box)


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (0.38, 0.4, 0.42, 0.44)])
def test_a_box_may_be_much_larger_or_smaller_than_its_face(box: tuple[float, float, float, float]) -> None:
    meant = face(250, 170, 100)
    assert choose([meant], SHAPE, box) is meant


def test_the_face_at_the_box_is_selected() -> None:
    meant, large = face(450, 200, 60), face(200, 200, 300)
    assert choose([large, meant], SHAPE, (0.7, 0.4, 0.8, 0.6)) is meant
    assert choose([large, meant], SHAPE) is large


@pytest.mark.parametrize(("side", "ambiguous"), [(100, True), (88, True), (80, False), (20, False)])
def test_two_faces_of_nearly_equal_weight_are_two_candidates(side: float, ambiguous: bool) -> None:
    assert two_candidates([face(200, 200, 100), face(400, 200, side)], SHAPE) is ambiguous


def test_a_box_distinguishes_equal_faces() -> None:
    faces = [face(200, 200, 100), face(400, 200, 100)]
    assert not two_candidates(faces, SHAPE, (0.25, 0.3, 0.4, 0.7))
    assert two_candidates(faces, SHAPE, (0.3, 0.3, 0.7, 0.7))


def test_one_face_or_none_is_not_two_candidates() -> None:
    assert not two_candidates([face(300, 200, 100)], SHAPE)
    assert not two_candidates([], SHAPE)


@given(st.lists(st.builds(face, st.floats(0, 600), st.floats(0, 400), st.floats(10, 300)), min_size=1, max_size=5))
def test_the_order_of_the_faces_does_not_matter(faces: list[Face]) -> None:
    assert choose(faces, SHAPE).box == choose(faces[::-1], SHAPE).box or two_candidates(faces, SHAPE)
