"""Augmentation changes images, the same way for the same seed, each by its own key, within the grey levels."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from visage.training.augmentation.augment import augment
from visage.training.recipe.augmentation_settings import AugmentationSettings

PIXELS = tf.constant(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8))
# Grey levels that no change below moves to black or white.
MUTED = 90 + PIXELS // 4
SEED = tf.constant([1, 2], tf.int64)

# One setting of each key that has an effect by itself.
CHANGES: dict[str, Any] = {
    "flip": True,
    "shift": 0.2,
    "zoom": 0.3,
    "rotation": 20,
    "shear": 0.3,
    "brightness": 0.3,
    "contrast": 0.5,
    "saturation": 0.5,
    "lighting": 0.5,
    "erasing": 1,
}


def settings(**changes: Any) -> AugmentationSettings:
    off = {"flip": False, "shift": 0, "brightness": 0, "contrast": 0}
    return AugmentationSettings.model_validate({**off, **changes})


def grey_levels(pixels: tf.Tensor) -> np.ndarray:
    """Returns float32, which uint8 needs to be subtracted."""
    return np.asarray(pixels, np.float32)


def changed(before: tf.Tensor, after: tf.Tensor) -> set[int]:
    """Returns which images of a batch have changed."""
    return {number for number, step in enumerate(grey_levels(after) - grey_levels(before)) if np.abs(step).max() > 1}


def test_every_key_has_a_test() -> None:
    # test_mixup.py has that of mixup, which changes labels too.
    assert {*CHANGES, "erasing_fraction", "mixup"} == set(AugmentationSettings.model_fields)


def test_nothing_changes_if_everything_is_off() -> None:
    np.testing.assert_array_equal(augment(PIXELS, SEED, settings()), PIXELS)


@pytest.mark.parametrize("key", CHANGES)
@pytest.mark.parametrize("channels", [3, 1])
def test_each_key_changes_images_unless_grey_ones_have_no_colours(key: str, channels: int) -> None:
    pixels = PIXELS[..., :channels]
    after = augment(pixels, SEED, settings(**{key: CHANGES[key]}))
    assert after.shape == pixels.shape
    assert bool(changed(pixels, after)) == ((key, channels) != ("saturation", 1))


@run_with(max_examples=20)
@given(seed=st.tuples(*[st.integers(0, 2**63 - 1)] * 2), channels=st.sampled_from([1, 3]))
def test_any_draw_stays_within_the_grey_levels_and_the_seed_decides(seed: tuple[int, int], channels: int) -> None:
    pixels, wildest = PIXELS[..., :channels], settings(**{**CHANGES, "rotation": 180, "brightness": 1, "saturation": 1})
    first = augment(pixels, tf.constant(seed, tf.int64), wildest)
    assert float(tf.reduce_min(first)) >= 0
    assert float(tf.reduce_max(first)) <= 255
    np.testing.assert_array_equal(first, augment(pixels, tf.constant(seed, tf.int64), wildest))
    other = augment(pixels, tf.constant([seed[0], seed[1] ^ 1], tf.int64), wildest)
    assert changed(first, other) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("key", CHANGES)
def test_every_image_of_a_batch_changes_differently(key: str) -> None:
    # Places are rounded to 1/32 of a pixel: on a small image two zooms may be the same.
    copies = tf.repeat(tf.tile(PIXELS[:1], (1, 8, 8, 1)), 40, axis=0)
    after = augment(copies, SEED, settings(**{key: CHANGES[key]}))
    different = len({image.numpy().tobytes() for image in after})
    assert different == (2 if key == "flip" else 40)


def test_the_draws_for_one_key_do_not_depend_on_the_others() -> None:
    # A recipe that adds a change keeps its other draws: same lights, same shifts.
    lighter_by = augment(MUTED, SEED, settings(brightness=0.1)) - grey_levels(MUTED)
    turned = augment(MUTED, SEED, settings(rotation=20))
    np.testing.assert_allclose(
        augment(MUTED, SEED, settings(brightness=0.1, rotation=20)), turned + lighter_by[:, :1, :1], atol=1e-3
    )


def test_a_zoom_is_at_most_what_is_allowed() -> None:
    # A white square of side 8 on black: its area gives the factor.
    square = np.zeros((200, 32, 32, 1), np.uint8)
    square[:, 12:20, 12:20] = 255
    after = augment(tf.constant(square), SEED, settings(zoom=0.25))
    factors = np.sqrt(after.numpy().sum(axis=(1, 2, 3)) / 255) / 8
    assert factors.min() == pytest.approx(0.75, abs=0.03)
    assert factors.max() == pytest.approx(1.25, abs=0.03)


def test_saturation_keeps_the_luminance_and_leaves_grey_images_as_they_are() -> None:
    after = augment(MUTED, SEED, settings(saturation=1))
    luminance = [tf.image.rgb_to_grayscale(pixels) for pixels in (grey_levels(MUTED), after)]
    np.testing.assert_allclose(luminance[0], luminance[1], atol=0.1)
    grey = tf.repeat(PIXELS[..., :1], 3, axis=-1)
    np.testing.assert_allclose(augment(grey, SEED, settings(saturation=1)), grey, atol=0.05)


def test_lighting_adds_one_colour_along_those_of_the_image() -> None:
    varied_in_red_alone = tf.concat([MUTED[..., :1], tf.fill([5, 16, 16, 2], tf.constant(100, tf.uint8))], axis=-1)
    step = augment(varied_in_red_alone, SEED, settings(lighting=1)) - grey_levels(varied_in_red_alone)
    np.testing.assert_allclose(step, np.broadcast_to(step[:, :1, :1], step.shape), atol=0.01)
    np.testing.assert_allclose(step[..., 1:], 0, atol=0.01)
    assert np.abs(step[..., 0]).max() > 0.5


def test_lighting_is_distributed_as_steps_scaled_by_eigenvalues_along_eigenvectors() -> None:
    one = tf.cast(grey_levels(MUTED[:1]) * [1.0, 0.8, 0.5], tf.uint8)
    many = tf.repeat(one, 4000, axis=0)
    step = (augment(many, SEED, settings(lighting=0.5)) - grey_levels(many))[:, 0, 0] / 255
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(grey_levels(one).reshape(-1, 3).T / 255, bias=True))
    expected = 0.5**2 * eigenvectors @ np.diag(eigenvalues**2) @ eigenvectors.T
    np.testing.assert_allclose(np.cov(np.transpose(step)), expected, atol=0.1 * expected.max())
