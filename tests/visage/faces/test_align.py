"""The eyes have the same position in every crop, wherever the face lies in its photo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.visage.faces.drawn_photo import Place, drawn_photo, eyes
from visage.faces.align import align, similarity
from visage.faces.detector import make_detector
from visage.faces.settings import AlignmentSettings
from visage.faces.warp import reduction, warp

alignments = st.builds(
    AlignmentSettings,
    size=st.integers(32, 256),
    eye_distance=st.floats(0.1, 0.8),
    eye_middle=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
)
places: st.SearchStrategy[Place] = st.tuples(
    st.tuples(st.floats(-500, 4000), st.floats(-500, 4000)), st.floats(2, 1000), st.floats(-180, 180)
)


def template(alignment: AlignmentSettings) -> np.ndarray:
    """Returns the positions of the crop's two eyes in pixels: float (2, 2)."""
    x, y = alignment.eye_middle
    half = alignment.eye_distance / 2
    return np.array([[x - half, y], [x + half, y]]) * alignment.size


@settings(deadline=None)
@given(place=places, alignment=alignments)
def test_the_eyes_have_the_templates_positions(place: Place, alignment: AlignmentSettings) -> None:
    matrix = similarity(eyes(place), alignment)
    landed = np.column_stack([eyes(place), np.ones(2)]) @ matrix.T
    np.testing.assert_allclose(landed, template(alignment), atol=1e-6 * alignment.size)


@settings(deadline=None)
@given(place=places, alignment=alignments)
def test_it_turns_scales_and_shifts_but_neither_shears_nor_mirrors(place: Place, alignment: AlignmentSettings) -> None:
    turn = similarity(eyes(place), alignment)[:, :2]
    scale = alignment.size * alignment.eye_distance / place[1]
    np.testing.assert_allclose(turn @ turn.T, np.eye(2) * scale**2, atol=1e-6 * scale**2)
    assert np.linalg.det(turn) > 0


@settings(deadline=None)
@given(place=places, alignment=alignments, factor=st.floats(0.2, 5), shift=st.floats(-100, 100))
def test_a_scaled_and_shifted_photo_gives_the_same_crop_coordinates(
    place: Place, alignment: AlignmentSettings, factor: float, shift: float
) -> None:
    point = np.array([place[0][0] + 3.0, place[0][1] - 7.0])
    once = similarity(eyes(place), alignment) @ [*point, 1]
    moved = similarity(eyes(place) * factor + shift, alignment) @ [*(point * factor + shift), 1]
    np.testing.assert_allclose(once, moved, rtol=1e-6, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    centre=st.tuples(st.floats(-40, 160), st.floats(-40, 130)),
    scale=st.floats(0.05, 4),
    angle=st.floats(-np.pi, np.pi),
    seed=st.integers(0, 1000),
)
def test_the_warp_equals_its_definition(centre: tuple[float, float], scale: float, angle: float, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), np.uint8)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * scale
    matrix = np.column_stack([turn, np.array([16, 16]) - turn @ centre])
    difference = np.abs(warp(image, matrix, 32).astype(float) - reference_warp(image, matrix, 32))
    # Pillow rounds every sample to a whole number, and once more their mean.
    assert difference.max() <= 2


def reference_warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Computes the definition in `warp`'s documentation sample by sample in plain NumPy."""
    factor, k = reduction(matrix)
    inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)])) / factor
    ticks = (np.arange(size * k) + 0.5) / k
    x, y = np.meshgrid(ticks, ticks)
    samples = np.stack([x, y, np.ones_like(x)], -1) @ inverse.T
    means = bilinear(block_means(image, factor), samples[..., 0] - 0.5, samples[..., 1] - 0.5)
    return means.reshape(size, k, size, k, 3).mean((1, 3))


def block_means(image: np.ndarray, side: int) -> np.ndarray:
    """Returns the mean of each block of pixels; those at the right and lower edge may be narrower."""
    tops, lefts = range(0, image.shape[0], side), range(0, image.shape[1], side)
    return np.array([[image[y : y + side, x : x + side].mean((0, 1)) for x in lefts] for y in tops])


def bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Samples values at (x, y), where (0, 0) is the first pixel's centre; the edge pixels repeat outside."""
    height, width = image.shape[:2]
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]

    def pixel(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        return image[row.clip(0, height - 1), column.clip(0, width - 1)].astype(float)

    upper = pixel(top, left) * (1 - across) + pixel(top, left + 1) * across
    lower = pixel(top + 1, left) * (1 - across) + pixel(top + 1, left + 1) * across
    return upper * (1 - down) + lower * down


def test_an_image_that_is_aligned_already_does_not_change() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert (warp(image, np.array([[1.0, 0, 0], [0, 1.0, 0]]), 64) == image).all()


def test_fine_stripes_become_grey_instead_of_aliasing() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    small = warp(stripes, np.array([[0.1, 0, 0], [0, 0.1, 0]]), 40)
    assert np.abs(small.astype(int) - 127).max() <= 2


def test_outside_the_photo_its_edge_pixels_repeat() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    image[:, 0] = (255, 0, 0)
    image[:, -1] = (0, 0, 255)
    beside = warp(image, np.array([[1.0, 0, 30.0], [0, 1.0, 5]]), 32)
    assert (beside[:, :29] == (255, 0, 0)).all()
    far_away = warp(image, np.array([[1.0, 0, -500.0], [0, 1.0, 0]]), 32)
    assert (far_away == (0, 0, 255)).all()


@pytest.mark.parametrize("place", [((100.0, 90.0), 40.0, 25.0), ((200.0, 140.0), 60.0, -30.0)])
def test_a_tilted_face_is_upright_in_its_crop(place: Place) -> None:
    alignment = AlignmentSettings(size=160, eye_middle=(0.5, 0.4), eye_distance=0.3)
    crop = align(drawn_photo([place]), np.vstack([eyes(place), np.zeros((3, 2))]), alignment)
    assert crop.shape == (160, 160, 3)
    assert crop.dtype == np.uint8
    (face,) = make_detector("blazeface").detect(crop)
    assert np.abs(face.landmarks[:2] - template(alignment)).max() < 0.06 * alignment.size


@pytest.mark.parametrize(
    "landmarks",
    [
        [[10, 10], [10, 10]],
        [[np.nan, 10], [20, 10]],
        [[-np.inf, 10], [np.inf, 10]],
        [[-500, 10], [5000, 10]],
    ],
)
def test_eyes_that_define_no_crop_are_refused(landmarks: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="eye centres"):
        align(np.zeros((60, 60, 3), np.uint8), np.array([*landmarks, [0, 0], [0, 0], [0, 0]]), AlignmentSettings())


def test_eyes_too_far_apart_for_the_image_are_refused_before_memory_is_allocated() -> None:
    for width, height, far in ((4000, 4000, 4000), (60_000, 10, 5000)):
        image = np.zeros((height, width, 3), np.uint8)
        with pytest.raises(ValueError, match=f"do not fit a {width}x{height} image"):
            align(image, np.array([[0, 0], [far, min(far, height)]]), AlignmentSettings(size=80))


@given(st.floats(0.0005, 10))
def test_the_samples_do_not_grow_with_the_face(scale: float) -> None:
    factor, samples = reduction(np.array([[scale, 0, 0], [0, scale, 0]]))
    assert samples in (1, 2)
    # Neighbouring samples lie at most one pixel of the reduced photo apart, and not needlessly close together.
    assert 1 / (scale * factor * samples) <= 1 + 1e-6
    assert factor == 1 or scale * factor * samples < 2 + 1e-6
