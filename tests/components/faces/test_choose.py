"""Of several faces the largest and most central one is meant."""

import numpy as np
import pytest

from components.faces.choose import choose
from components.faces.detect import Face

SHAPE = (400, 600, 3)


def face(x: float, y: float, side: float) -> Face:
    """A square face centred at (x, y)."""
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return Face(box, np.zeros((5, 2), np.float32), score=0.9, presence=1.0)


def test_of_two_in_the_same_row_the_larger() -> None:
    small, large = face(200, 200, 50), face(400, 200, 90)
    assert choose([small, large], SHAPE) is large


def test_of_two_equally_large_the_more_central() -> None:
    middle, aside = face(310, 190, 80), face(80, 60, 80)
    assert choose([aside, middle], SHAPE) is middle


def test_a_slightly_larger_face_in_the_corner_gives_way_to_the_one_in_the_middle() -> None:
    middle, corner = face(300, 200, 80), face(45, 45, 90)
    assert choose([corner, middle], SHAPE) is middle


def test_a_much_larger_face_off_the_middle_is_meant() -> None:
    middle, large = face(300, 200, 40), face(150, 200, 200)
    assert choose([middle, large], SHAPE) is large


def test_a_face_half_outside_the_picture_can_be_chosen() -> None:
    only = face(0, 0, 100)
    assert choose([only], SHAPE) is only


def test_there_must_be_a_face() -> None:
    with pytest.raises(ValueError, match="empty"):
        choose([], SHAPE)
