"""Size, blur, light and roll of a face are what they are defined to be."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from tests.visage.faces.drawn_photo import Place, drawn_photo, eyes
from visage.faces.align import align
from visage.faces.detector import make_detector
from visage.faces.grey import to_grey
from visage.faces.quality import FaceQuality, measure_quality
from visage.faces.settings import AlignmentSettings

HIGHEST_BLUR = 1020.0**2

seeds = st.integers(0, 2**32 - 1)
angles = st.floats(-179.99, 180)


def noise(seed: int, low: int = 0, high: int = 256, side: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (side, side, 3), np.uint8)


def uniform(level: int) -> np.ndarray:
    return np.full((8, 8), level, np.uint8)


def of_crop(crop: np.ndarray) -> FaceQuality:
    return measure_quality(to_grey(crop), None)


@given(seed=seeds, level=st.integers(0, 255), height=st.integers(3, 40), width=st.integers(3, 40))
def test_blur_and_light_equal_their_definitions(seed: int, level: int, height: int, width: int) -> None:
    levels = np.random.default_rng(seed).integers(0, level + 1, (height, width), np.uint8)
    grey = levels.astype(float)
    laplacian = [
        grey[y - 1, x] + grey[y + 1, x] + grey[y, x - 1] + grey[y, x + 1] - 4 * grey[y, x]
        for y in range(1, height - 1)
        for x in range(1, width - 1)
    ]
    found = measure_quality(levels, None)
    assert found.blur == pytest.approx(np.var(laplacian), rel=1e-6, abs=1e-9)
    assert found.light == pytest.approx(grey.mean(), rel=1e-6)
    assert 0 <= found.blur <= HIGHEST_BLUR
    assert 0 <= found.light <= 255


def test_a_uniform_crop_has_no_edges_and_a_chessboard_the_most() -> None:
    assert measure_quality(uniform(77), None).blur == 0
    board = np.indices((8, 8)).sum(0) % 2 * 255
    assert measure_quality(board.astype(np.uint8), None).blur == HIGHEST_BLUR


@pytest.mark.parametrize("level", [0, 128, 255])
def test_light_of_a_uniform_crop_is_its_level(level: int) -> None:
    assert measure_quality(uniform(level), None).light == level


@given(seed=seeds)
def test_grey_is_the_luma_of_itu_r_601(seed: int) -> None:
    crop = noise(seed)
    red, green, blue = np.moveaxis(crop.astype(int), -1, 0)
    np.testing.assert_array_equal(to_grey(crop), (19595 * red + 38470 * green + 7471 * blue + 2**15) // 2**16)


@settings(deadline=None)
@given(seed=seeds, weak=st.floats(0.6, 1), strong=st.floats(1.4, 2))
def test_a_gaussian_blur_lowers_blur_and_a_stronger_one_more(seed: int, weak: float, strong: float) -> None:
    sharp = Image.fromarray(noise(seed))
    images = (sharp, *(sharp.filter(ImageFilter.GaussianBlur(sigma)) for sigma in (weak, strong)))
    first, second, third = (of_crop(np.array(image)).blur for image in images)
    assert first > second > third


@given(seed=seeds, brighter=st.integers(1, 100))
def test_brightness_raises_light_alone(seed: int, brighter: int) -> None:
    crop = noise(seed, high=156)
    before, after = (of_crop(shown) for shown in (crop, crop + np.uint8(brighter)))
    assert after.light == pytest.approx(before.light + brighter, rel=1e-6)
    assert after.blur == before.blur


@given(middle=st.tuples(st.floats(-500, 4000), st.floats(-500, 4000)), distance=st.floats(1, 3000), angle=angles)
def test_size_and_roll_are_those_of_the_line_between_the_eyes(
    middle: tuple[float, float], distance: float, angle: float
) -> None:
    found = measure_quality(uniform(0), eyes((middle, distance, angle)))
    assert found.face_size == pytest.approx(distance, rel=1e-5)
    assert found.roll is not None
    assert abs(math.remainder(found.roll - angle, 360)) < 1e-3
    assert -180 <= found.roll <= 180


def test_a_positive_roll_lowers_the_eye_on_the_right_of_the_image() -> None:
    assert measure_quality(uniform(0), np.array([[10.0, 10.0], [20.0, 20.0]])).roll == 45
    assert measure_quality(uniform(0), np.array([[10, 10], [20, 10]], np.float32)).roll == 0


def test_without_located_eyes_size_and_roll_are_unknown() -> None:
    found = of_crop(noise(1))
    assert found.face_size is found.roll is None


@given(seed=seeds, place=st.tuples(st.just((50.0, 40.0)), st.floats(1, 900), angles))
def test_every_measure_is_a_float32_as_an_example_holds_it(seed: int, place: Place) -> None:
    found = measure_quality(to_grey(noise(seed)), eyes(place))
    for value in (found.face_size, found.blur, found.light, found.roll):
        assert value is not None
        assert type(value) is float
        assert value == float(np.float32(value))


@settings(deadline=None, max_examples=8)
@given(tilt=st.floats(-40, 40), distance=st.floats(36, 60))
def test_a_drawn_face_has_the_roll_and_the_size_that_it_was_drawn_with(tilt: float, distance: float) -> None:
    photo = drawn_photo([((160.0, 120.0), distance, tilt)])
    (face,) = make_detector("blazeface").detect(photo)
    crop = align(photo, face.landmarks, AlignmentSettings())
    found = measure_quality(to_grey(crop), face.landmarks)
    assert found.roll == pytest.approx(tilt, abs=4)
    assert found.face_size == pytest.approx(distance, rel=0.12)
