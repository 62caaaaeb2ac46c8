"""Each image is mixed with the one before it in its batch, and keeps the labels of both."""

import numpy as np
import pytest
import tensorflow as tf

from tests.visage.training.objective.label_batches import A_CHILD, MAN, WOMAN, aged, batch_of, with_teacher_predictions
from visage.training.augmentation.mixup import mix

SEED = tf.constant([1, 2], tf.int64)
PIXELS = tf.constant(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.float32))
LABELS = with_teacher_predictions(
    {**batch_of(aged(30), A_CHILD, aged(62)), **batch_of(MAN, WOMAN, WOMAN)},
    np.random.default_rng(1).dirichlet(np.ones(101), 3),
    [0.9, 0.4, 0.1],
)


def fractions(alpha: float, count: int = 4000) -> np.ndarray:
    """Returns `mixup_fraction` of a batch of many images."""
    pixels = tf.zeros([count, 1, 1, 1])
    found: np.ndarray = mix(pixels, {}, SEED, alpha)[1]["mixup_fraction"].numpy()
    return found


def test_a_mixture_has_a_fraction_of_the_second_image_and_all_of_its_labels() -> None:
    mixed, labels = mix(PIXELS, LABELS, SEED, alpha=1.0)
    fraction = labels["mixup_fraction"].numpy()
    assert len(set(fraction)) == 3
    for number, second in enumerate((2, 0, 1)):
        expected = (1 - fraction[number]) * PIXELS[number] + fraction[number] * PIXELS[second]
        np.testing.assert_allclose(mixed[number], expected, atol=1e-4)
        for name, values in LABELS.items():
            np.testing.assert_array_equal(labels[f"mixed_in_{name}"][number], values[second])
    for name, values in LABELS.items():
        np.testing.assert_array_equal(labels[name], values)


@pytest.mark.parametrize(
    # The smaller of a number from Beta(alpha, alpha) and its complement: of a uniform one a quarter on average.
    ("alpha", "mean"),
    [(1.0, 0.25), (0.2, None), (1e-4, 0.0)],
)
def test_the_fraction_is_the_smaller_part_of_a_beta_number(alpha: float, mean: float | None) -> None:
    drawn = fractions(alpha)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() <= drawn.max() <= 0.5
    if mean is None:
        numbers = np.random.default_rng(1).beta(alpha, alpha, 100_000)
        mean = float(np.minimum(numbers, 1 - numbers).mean())
    assert drawn.mean() == pytest.approx(mean, abs=0.01)


def test_the_seed_decides_the_fractions() -> None:
    first, again = (mix(PIXELS, LABELS, SEED, 0.2)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - mix(PIXELS, LABELS, SEED + 1, 0.2)[0]).max() > 1
