"""Random erasing puts one rectangle of noise into an image, never larger than allowed."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.training.augmentation.erasing import draw_rectangles, erase

SIDE = 48
# Not a grey level, so that erased pixels are recognizable.
GROUND = -1.0


def with_noise(count: int, probability: float, largest: float, seed: int) -> np.ndarray:
    """Erases rectangles of `count` images of the colour GROUND: float32 [count, SIDE, SIDE, 3]."""
    images = np.full((count, SIDE, SIDE, 3), GROUND, np.float32)
    drawn = draw_rectangles(tf.constant(images.shape), tf.constant([seed, 1], tf.int64), probability, largest)
    for image, rectangle in zip(images, drawn[0].numpy(), strict=True):
        erase(image, rectangle, drawn[1].numpy())
    return images


def erased(count: int, probability: float, largest: float, seed: int = 0) -> np.ndarray:
    """Returns which pixels of `count` images became noise: bool [count, SIDE, SIDE]."""
    after = with_noise(count, probability, largest, seed)
    assert (after[after != GROUND] >= 0).all()
    assert (after <= 255).all()
    return (after != GROUND).all(axis=-1)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), largest=st.floats(0.01, 0.5))
def test_the_noise_is_one_rectangle_of_at_most_the_largest_fraction(seed: int, largest: float) -> None:
    for mask in erased(4, 1.0, largest, seed):
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        np.testing.assert_array_equal(mask, rows[:, None] & columns[None, :])
        height, width = int(rows.sum()), int(columns.sum())
        # Whole pixels: up to one more along each side.
        assert 0 < (height - 1) * (width - 1) <= largest * SIDE**2
        assert (height - 1) / (width + 1) <= 1 / 0.3
        assert (height + 1) / (width - 1) >= 0.3
        for lines, count in ((rows, height), (columns, width)):
            assert np.flatnonzero(lines)[-1] - np.flatnonzero(lines)[0] + 1 == count


def test_the_requested_fraction_of_the_images_has_a_rectangle_anywhere() -> None:
    masks = erased(600, 0.25, 0.3)
    assert masks.any(axis=(1, 2)).mean() == pytest.approx(0.25, abs=0.05)
    assert masks.any(axis=0)[3:-3, 3:-3].all()
    sizes = masks[masks.any(axis=(1, 2))].mean(axis=(1, 2))
    assert sizes.min() < 0.05
    assert sizes.max() > 0.25


def test_the_pixels_become_noise_in_every_channel() -> None:
    after = with_noise(50, 1.0, 0.5, seed=3)
    noise = after[after != GROUND]
    assert noise.mean() == pytest.approx(127.5, abs=2)
    assert noise.std() == pytest.approx(255 / np.sqrt(12), abs=2)
