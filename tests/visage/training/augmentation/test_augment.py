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

PIXELS = tf.constant(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype(np.float32))
# Grey levels that no change below moves to black or white.
MUTED = 90 + PIXELS / 4
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


def changed(before: tf.Tensor, after: tf.Tensor) -> set[int]:
    """Returns which images of a batch have changed."""
    return {number for number in range(len(before)) if np.abs(after[number] - before[number]).max() > 1}


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
    copies = tf.repeat(PIXELS[:1], 40, axis=0)
    after = augment(copies, SEED, settings(**{key: CHANGES[key]}))
    different = len({image.numpy().tobytes() for image in after})
    assert different == (2 if key == "flip" else 40)


def test_the_draws_for_one_key_do_not_depend_on_the_others() -> None:
    # A recipe that adds a change keeps its other draws: same lights, same shifts.
    lighter_by = augment(MUTED, SEED, settings(brightness=0.1)) - MUTED
    turned = augment(MUTED, SEED, settings(rotation=20))
    np.testing.assert_allclose(
        augment(MUTED, SEED, settings(brightness=0.1, rotation=20)), turned + lighter_by[:, :1, :1], atol=1e-3
    )


def test_a_zoom_is_at_most_what_is_allowed() -> None:
    # A white square of side 8 on black: its area gives the factor.
    square = np.zeros((200, 32, 32, 1), np.float32)
    square[:, 12:20, 12:20] = 255
    after = augment(tf.constant(square), SEED, settings(zoom=0.25))
    factors = np.sqrt(after.numpy().sum(axis=(1, 2, 3)) / 255) / 8
    assert factors.min() == pytest.approx(0.75, abs=0.03)
    assert factors.max() == pytest.approx(1.25, abs=0.03)


def test_saturation_keeps_the_luminance_and_leaves_grey_images_as_they_are() -> None:
    after = augment(MUTED, SEED, settings(saturation=1))
    luminance = [tf.image.rgb_to_grayscale(pixels) for pixels in (MUTED, after)]
    np.testing.assert_allclose(luminance[0], luminance[1], atol=0.1)
    grey = tf.repeat(PIXELS[..., :1], 3, axis=-1)
    np.testing.assert_allclose(augment(grey, SEED, settings(saturation=1)), grey, atol=0.05)


def test_lighting_adds_one_colour_along_those_of_the_image() -> None:
    red, green = PIXELS[:100, :, :, :1], tf.zeros_like(PIXELS[..., :1])
    varied_in_red_alone = tf.concat([90 + red / 4, green + 100, green + 100], axis=-1)
    after = augment(varied_in_red_alone, SEED, settings(lighting=1)).numpy()
    step = after - varied_in_red_alone.numpy()
    np.testing.assert_allclose(step, np.broadcast_to(step[:, :1, :1], step.shape), atol=0.01)
    np.testing.assert_allclose(step[..., 1:], 0, atol=0.01)
    assert np.abs(step[..., 0]).max() > 0.5


def test_lighting_is_distributed_as_steps_scaled_by_eigenvalues_along_eigenvectors() -> None:
    one = MUTED[:1] * tf.constant([1.0, 0.8, 0.5])
    many = tf.repeat(one, 4000, axis=0)
    step = (augment(many, SEED, settings(lighting=0.5)) - many).numpy()[:, 0, 0] / 255
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(one.numpy().reshape(-1, 3).T / 255, bias=True))
    expected = 0.5**2 * eigenvectors @ np.diag(eigenvalues**2) @ eigenvectors.T
    np.testing.assert_allclose(np.cov(step.T), expected, atol=0.1 * expected.max())
