"""All moves are one resampling about the middle; edge pixels fill uncovered areas."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.training.augmentation.geometry import Moves, mirror, move

SIDE = 16
PIXELS = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.float32)


def moves(count: int = 1, **of_all: Any) -> Moves:
    """Returns the same move for `count` images; moves that are not given have no effect."""
    named = {"flipped": False, "shear": 0.0, "zoom": 1.0, "rotation": 0.0, "shift": (0.0, 0.0), **of_all}
    return Moves(**{name: tf.constant([value] * count) for name, value in named.items()})


def blob(x: float, y: float, side: int) -> np.ndarray:
    """Draws a soft white spot on black: [1, side, side, 1]."""
    rows, columns = np.mgrid[:side, :side]
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
    return spot[None, ..., None].astype(np.float32)


def centre_of_mass(pixels: tf.Tensor) -> tuple[float, float]:
    weights = pixels.numpy()[0, ..., 0]
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return float((columns * weights).sum() / weights.sum()), float((rows * weights).sum() / weights.sum())


def test_no_move_leaves_every_value() -> None:
    np.testing.assert_array_equal(move(PIXELS, moves(3)), PIXELS)


def test_a_flipped_image_is_mirrored_and_its_neighbour_is_not() -> None:
    still = moves(2)
    moved = move(PIXELS[:2], Moves(tf.constant([True, False]), still.shear, still.zoom, still.rotation, still.shift))
    np.testing.assert_array_equal(moved[0], PIXELS[0, :, ::-1])
    np.testing.assert_array_equal(moved[1], PIXELS[1])


@pytest.mark.parametrize("flipped", [False, True])
def test_a_shift_moves_to_the_right_and_down_and_repeats_the_edge(flipped: bool) -> None:
    image = PIXELS[0, :, ::-1] if flipped else PIXELS[0]
    moved = move(PIXELS[:1], moves(flipped=flipped, shift=(2 / SIDE, 1 / SIDE)))[0]
    np.testing.assert_array_equal(moved[1:, 2:], image[:-1, :-2])
    np.testing.assert_array_equal(moved[1:, 0], image[:-1, 0])


@pytest.mark.parametrize("quarters", [-2, -1, 1, 2])
def test_a_quarter_turn_clockwise_is_numpys(quarters: int) -> None:
    turned = move(PIXELS, moves(3, rotation=90.0 * quarters))
    np.testing.assert_allclose(turned, np.rot90(PIXELS, -quarters, axes=(1, 2)), atol=0.05)


def test_twice_as_large_shows_the_middle_half() -> None:
    ramp = np.broadcast_to(np.arange(SIDE, dtype=np.float32)[:, None], (1, SIDE, SIDE))[..., None]
    middle = (SIDE - 1) / 2
    np.testing.assert_allclose(move(ramp, moves(zoom=2.0)), (ramp - middle) / 2 + middle, atol=1e-4)
    half = move(ramp, moves(zoom=0.5))
    np.testing.assert_allclose(half[:, 4:12], ((ramp - middle) * 2 + middle)[:, 4:12], atol=1e-4)
    assert float(half[0, 0, 0, 0]) == 0


def test_shear_moves_a_row_by_its_distance_from_the_middle() -> None:
    across = np.broadcast_to(np.arange(SIDE, dtype=np.float32)[None, :], (1, SIDE, SIDE))[..., None]
    sheared = move(across, moves(shear=0.5))[0, :, SIDE // 2, 0]
    below_the_middle = np.arange(SIDE) - (SIDE - 1) / 2
    np.testing.assert_allclose(sheared, SIDE // 2 - 0.5 * below_the_middle, atol=1e-4)


fractions = st.floats(-0.1, 0.1)


@settings(max_examples=40)
@given(
    flipped=st.booleans(),
    shear=st.floats(-0.5, 0.5),
    zoom=st.floats(0.75, 1.25),
    rotation=st.floats(-180, 180),
    shift=st.tuples(fractions, fractions),
    start=st.tuples(st.floats(18, 30), st.floats(18, 30)),
)
def test_a_point_moves_by_flip_shear_zoom_turn_and_shift_in_this_order(
    flipped: bool, shear: float, zoom: float, rotation: float, shift: tuple[float, float], start: tuple[float, float]
) -> None:
    side, middle = 49, 24.0
    x, y = start[0] - middle, start[1] - middle
    x = -x if flipped else x
    x += shear * y
    x, y = zoom * x, zoom * y
    turn = np.exp(1j * np.radians(rotation))
    x, y = ((x + 1j * y) * turn).real, ((x + 1j * y) * turn).imag
    expected = (x + middle + shift[0] * side, y + middle + shift[1] * side)
    moved = move(
        blob(*start, side), moves(flipped=flipped, shear=shear, zoom=zoom, rotation=rotation, shift=tuple(shift))
    )
    assert centre_of_mass(moved) == pytest.approx(expected, abs=0.25)


@given(rotation=st.floats(-180, 180), zoom=st.floats(0.75, 1.25), start=st.floats(20, 28))
def test_a_move_and_its_inverse_restore_the_image(rotation: float, zoom: float, start: float) -> None:
    image = blob(start, 48 - start, 49)
    there = move(image, moves(rotation=rotation, zoom=zoom))
    back = move(there, moves(rotation=-rotation, zoom=1 / zoom))
    # Two bilinear samplings blur the spot a little.
    np.testing.assert_allclose(back, image, atol=40)
    assert centre_of_mass(back) == pytest.approx((start, 48 - start), abs=0.15)


@pytest.mark.parametrize("channels", [3, 1])
def test_mirroring_alone_gives_the_values_that_a_move_gives(channels: int) -> None:
    pixels, flipped = PIXELS[..., :channels], tf.constant([True, False, True])
    expected = move(pixels, replace(moves(3), flipped=flipped))
    np.testing.assert_array_equal(mirror(pixels, flipped), expected)
