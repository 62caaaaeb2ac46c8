"""Augmentation moves and lights pictures, the same way for the same seed, and never leaves the grey levels."""

import numpy as np
import tensorflow as tf

from components.trainer.augmentation import augment, flip_and_shift
from components.trainer.settings import TrainerSettings

PIXELS = tf.constant(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype(np.float32))


def settings(**changes: float | bool) -> TrainerSettings:
    off = {"flip": False, "shift": 0, "brightness": 0, "contrast": 0}
    return TrainerSettings.model_validate({"network": "compact", "epochs": 1, "learning_rate": 0.1, **off, **changes})


def test_a_flipped_picture_is_mirrored_and_its_neighbour_is_not() -> None:
    flipped = flip_and_shift(PIXELS[:2], tf.constant([True, False]), tf.zeros([2, 2]))
    np.testing.assert_allclose(flipped[0], PIXELS[0, :, ::-1], atol=1e-3)
    np.testing.assert_allclose(flipped[1], PIXELS[1], atol=1e-3)


def test_a_shift_moves_to_the_right_and_down_and_repeats_the_edge() -> None:
    for flip, picture in ((False, PIXELS[0]), (True, PIXELS[0, :, ::-1])):
        moved = flip_and_shift(PIXELS[:1], tf.constant([flip]), tf.constant([[2 / 16, 1 / 16]]))[0]
        np.testing.assert_allclose(moved[1:, 2:], picture[:-1, :-2], atol=1e-3)
        np.testing.assert_allclose(moved[1:, 0], picture[:-1, 0], atol=1e-3)


def test_nothing_changes_where_everything_is_off() -> None:
    np.testing.assert_allclose(augment(PIXELS, tf.constant([1, 2]), settings()), PIXELS, atol=1e-3)


def test_the_same_seed_makes_the_same_changes_and_another_seed_others() -> None:
    strong = settings(flip=True, shift=0.2, brightness=0.3, contrast=0.5)
    first = augment(PIXELS, tf.constant([1, 2]), strong)
    np.testing.assert_array_equal(first, augment(PIXELS, tf.constant([1, 2]), strong))
    assert np.abs(first - augment(PIXELS, tf.constant([1, 3]), strong)).mean() > 5
    assert float(tf.reduce_min(first)) >= 0
    assert float(tf.reduce_max(first)) <= 255
