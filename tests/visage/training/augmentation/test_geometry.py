"""All moves are one resampling about the middle; edge pixels fill uncovered areas."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.training.augmentation.geometry import Moves, mirror, move

SIDE = 16
IMAGE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def moved(image: np.ndarray, **moves: Any) -> np.ndarray:
    """Moves an image as named in `Moves`; what is not given has no effect. The draws are float32, as TensorFlow's."""
    named = {"flipped": False, "shear": 0.0, "zoom": 1.0, "rotation": 0.0, "shift": (0.0, 0.0), **moves}
    drawn = {name: np.array([value], bool if name == "flipped" else np.float32) for name, value in named.items()}
    return move(image, Moves(**drawn).origins(len(image))[0])


def blob(x: float, y: float, side: int) -> np.ndarray:
    """Draws a soft white spot on black: uint8 [side, side, 1]."""
    rows, columns = np.mgrid[:side, :side]
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
    return spot.round()[..., None].astype(np.uint8)


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    weights = image[..., 0].astype(float)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return float((columns * weights).sum() / weights.sum()), float((rows * weights).sum() / weights.sum())


def test_no_move_leaves_every_value() -> None:
    np.testing.assert_array_equal(moved(IMAGE), IMAGE)


def test_each_image_of_a_batch_has_its_own_map() -> None:
    none = np.zeros(2, np.float32)
    flipped, still = Moves(np.array([True, False]), none, none + 1, none, np.zeros((2, 2), np.float32)).origins(SIDE)
    np.testing.assert_array_equal(move(IMAGE, flipped), IMAGE[:, ::-1])
    np.testing.assert_array_equal(move(IMAGE, still), IMAGE)


@pytest.mark.parametrize("flipped", [False, True])
def test_a_shift_moves_to_the_right_and_down_and_repeats_the_edge(flipped: bool) -> None:
    image = IMAGE[:, ::-1] if flipped else IMAGE
    shifted = moved(IMAGE, flipped=flipped, shift=(2 / SIDE, 1 / SIDE))
    np.testing.assert_array_equal(shifted[1:, 2:], image[:-1, :-2])
    np.testing.assert_array_equal(shifted[1:, 0], image[:-1, 0])


@pytest.mark.parametrize("quarters", [-2, -1, 1, 2])
@pytest.mark.parametrize("side", [SIDE, SIDE - 1])
def test_a_quarter_turn_clockwise_is_numpys(quarters: int, side: int) -> None:
    image = IMAGE[:side, :side]
    np.testing.assert_array_equal(moved(image, rotation=90.0 * quarters), np.rot90(image, -quarters))


# Of the ramps below: half a grey level of rounding, and 1/64 of a pixel of a place's.
STEP = 16
TOLERANCE = 0.5 + STEP / 64
ROWS = np.broadcast_to(STEP * np.arange(SIDE, dtype=np.uint8)[:, None], (SIDE, SIDE))[..., None]


def test_twice_as_large_shows_the_middle_half() -> None:
    middle = STEP * (SIDE - 1) / 2
    np.testing.assert_allclose(moved(ROWS, zoom=2.0), (ROWS - middle) / 2 + middle, atol=TOLERANCE)
    half = moved(ROWS, zoom=0.5)
    np.testing.assert_allclose(half[4:12], ((ROWS - middle) * 2 + middle)[4:12], atol=TOLERANCE)
    assert half[0, 0, 0] == 0


def test_shear_moves_a_row_by_its_distance_from_the_middle() -> None:
    sheared = moved(np.ascontiguousarray(ROWS.transpose(1, 0, 2)), shear=0.5)[:, SIDE // 2, 0]
    below_the_middle = np.arange(SIDE) - (SIDE - 1) / 2
    np.testing.assert_allclose(sheared, STEP * (SIDE // 2 - 0.5 * below_the_middle), atol=TOLERANCE)


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
    image = moved(blob(*start, side), flipped=flipped, shear=shear, zoom=zoom, rotation=rotation, shift=shift)
    assert centre_of_mass(image) == pytest.approx(expected, abs=0.25)


@given(rotation=st.floats(-180, 180), zoom=st.floats(0.75, 1.25), start=st.floats(20, 28))
def test_a_move_and_its_inverse_restore_the_image(rotation: float, zoom: float, start: float) -> None:
    image = blob(start, 48 - start, 49)
    there = moved(image, rotation=rotation, zoom=zoom)
    back = moved(there, rotation=-rotation, zoom=1 / zoom)
    # Two bilinear samplings blur the spot a little.
    np.testing.assert_allclose(back.astype(float), image, atol=40)
    assert centre_of_mass(back) == pytest.approx((start, 48 - start), abs=0.15)


@settings(max_examples=40)
@given(
    flipped=st.booleans(),
    shear=st.floats(-0.5, 0.5),
    zoom=st.floats(0.5, 1.5),
    rotation=st.floats(-180, 180),
    shift=st.tuples(fractions, fractions),
)
def test_the_samples_are_bilinear_and_those_outside_are_the_edges(
    flipped: bool, shear: float, zoom: float, rotation: float, shift: tuple[float, float]
) -> None:
    # Smooth, so that 1/32 of a pixel is less than a grey level.
    image = blob(7.0, 9.0, SIDE) // 2 + np.arange(0, 4 * SIDE, 4, dtype=np.uint8)[:, None]
    every = {"flipped": flipped, "shear": shear, "zoom": zoom, "rotation": rotation, "shift": shift}
    pixels = tf.constant(image[None], tf.float32)
    origins = Moves(**{name: np.array([value]) for name, value in every.items()}).origins(SIDE).reshape(1, 6)
    expected = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.constant(np.pad(origins, ((0, 0), (0, 2))), tf.float32),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    np.testing.assert_allclose(moved(image, **every).astype(float), expected[0], atol=2.0)


@pytest.mark.parametrize("channels", [3, 1])
def test_mirroring_alone_gives_the_values_that_a_move_gives(channels: int) -> None:
    np.testing.assert_array_equal(mirror(IMAGE[..., :channels]), moved(IMAGE[..., :channels], flipped=True))
