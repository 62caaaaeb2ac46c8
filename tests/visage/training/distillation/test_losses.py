"""Targets mix labels and a teacher's predictions; if a label is unknown, the teacher's prediction is the target."""

from typing import Literal

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.visage.training.objective.label_batches import (
    A_CHILD,
    MAN,
    NO_AGE,
    NO_GENDER,
    WOMAN,
    aged,
    batch_of,
    with_teacher_predictions,
)
from visage.networks import NetworkSpec
from visage.networks.heads import expected_age
from visage.training.batches import unlabelled
from visage.training.distillation.losses import distillation_losses, mixed_age, mixed_gender
from visage.training.objective.losses import label_distribution, losses

ALPHAS = st.floats(0, 1)


def random_predictions(seed: int, sharpness: float) -> np.ndarray:
    """Returns distributions over the ages 0 to 100, from uniform ones (0) to all mass on one age."""
    logits = sharpness * np.random.default_rng(seed).normal(size=(3, 101))
    return (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)


TEACHERS = st.builds(random_predictions, st.integers(0, 2**32 - 1), st.floats(0, 20))


def network(age_head: Literal["softmax", "label_distribution"] = "label_distribution") -> NetworkSpec:
    return NetworkSpec("compact", 64, 3, age_head, "binary")


@settings(max_examples=40, deadline=None)
@given(TEACHERS, st.floats(0, 116), ALPHAS, st.booleans())
def test_a_mixed_target_is_a_distribution_between_label_and_teacher(
    teacher: np.ndarray, years: float, fraction: float, one_hot: bool
) -> None:
    labels = with_teacher_predictions(batch_of(aged(years), A_CHILD, NO_AGE), teacher)
    target, _ = (part.numpy() for part in mixed_age(labels, fraction, one_hot))
    np.testing.assert_allclose(target.sum(axis=1), 1, atol=1e-4)
    assert (target >= 0).all()
    label = label_distribution(labels["age_low"][:1], labels["age_std"][:1] * (not one_hot))[0]
    np.testing.assert_allclose(target[0], (1 - fraction) * label.numpy() + fraction * teacher[0], atol=1e-6)
    np.testing.assert_allclose(target[2], teacher[2], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(TEACHERS)
def test_alpha_0_leaves_the_label_and_alpha_1_the_teacher(
    teacher: np.ndarray,
) -> None:
    labels = with_teacher_predictions(batch_of(aged(30), aged(64.5), A_CHILD), teacher)
    target, years = mixed_age(labels, 0.0, one_hot=False)
    np.testing.assert_allclose(target[:2], label_distribution(labels["age_low"][:2], labels["age_std"][:2]), atol=1e-6)
    np.testing.assert_allclose(years[:2], [30, 64.5], atol=1e-4)
    assert float(target.numpy()[2, 8:14].sum()) == pytest.approx(1, abs=1e-5)
    target, years = mixed_age(labels, 1.0, one_hot=False)
    np.testing.assert_allclose(target, teacher, atol=1e-6)
    np.testing.assert_allclose(years, expected_age(tf.constant(teacher)), rtol=1e-4)


def test_a_label_that_looks_wrong_gives_way_to_the_teacher() -> None:
    man = {**aged(30), **MAN}
    labels = with_teacher_predictions(batch_of(man, man, man), random_predictions(1, 3.0), [0.1, 0.2, 0.3])
    for name in ("age_weight", "gender_weight"):
        labels[name] = tf.constant([1.0, 0.25, 0.0])
    label, teacher = label_distribution(labels["age_low"], labels["age_std"]).numpy(), labels["teacher_age"].numpy()
    target, years = (part.numpy() for part in mixed_age(labels, 0.6, one_hot=False))
    of_years = expected_age(labels["teacher_age"]).numpy()
    male = mixed_gender(labels, 0.6)["gender"].numpy()
    for number, of_label in enumerate((0.4, 0.1, 0.0)):
        expected = of_label * label[number] + (1 - of_label) * teacher[number]
        np.testing.assert_allclose(target[number], expected, atol=1e-5)
        assert years[number] == pytest.approx(of_label * 30 + (1 - of_label) * of_years[number], rel=1e-3)
        gender = of_label * labels["gender"][number] + (1 - of_label) * labels["teacher_gender"][number]
        assert male[number] == pytest.approx(float(gender), abs=1e-5)


def test_genders_are_mixed_where_they_are_known() -> None:
    mixed = mixed_gender(with_teacher_predictions(batch_of(MAN, WOMAN, NO_GENDER), male=[0.2, 0.2, 0.2]), 0.25)
    np.testing.assert_allclose(mixed["gender"], [0.8, 0.05, 0.2], atol=1e-6)
    np.testing.assert_array_equal(mixed["gender_weight"], [1, 1, 1])


@pytest.mark.parametrize("age_head", ["softmax", "label_distribution"])
def test_the_loss_falls_to_that_of_the_labels_as_alpha_does(
    age_head: Literal["softmax", "label_distribution"],
) -> None:
    labels = {**batch_of(aged(30), aged(62)), **batch_of(MAN, WOMAN)}
    with_predictions = with_teacher_predictions(labels, np.random.default_rng(1).dirichlet(np.ones(101), 2), [0.9, 0.4])
    raw = {"age": tf.random.stateless_normal([2, 101], [1, 2]), "gender": tf.constant([[0.3], [2.0]])}
    for output, plain in losses(network(age_head)).items():
        expected = plain(labels, raw[output])
        for fraction in (0.0, 0.7):
            # As in the validation split, which has no teacher.
            alone = distillation_losses(network(age_head), fraction)[output](labels, raw[output])
            np.testing.assert_array_equal(alone, expected)
        mixed = distillation_losses(network(age_head), 0.0)[output](with_predictions, raw[output])
        np.testing.assert_allclose(mixed, expected, rtol=1e-4)


def test_a_network_that_predicts_as_the_teacher_for_unlabelled_faces_has_no_gradient() -> None:
    teacher = tf.random.stateless_normal([2, 101], [1, 2])
    labels = with_teacher_predictions(batch_of(NO_AGE, NO_AGE), tf.nn.softmax(teacher).numpy())
    loss = distillation_losses(network(), 0.5)["age"]
    np.testing.assert_allclose(loss(labels, teacher), [0, 0], atol=1e-4)
    assert (loss(labels, tf.reverse(teacher, [1])).numpy() > 0.1).all()


def test_padding_of_a_batch_does_not_affect_the_loss() -> None:
    known = {**batch_of(aged(30), NO_AGE), **batch_of(MAN, WOMAN)}
    labels = with_teacher_predictions(known, np.full((2, 101), 1 / 101), [0.7, 0.7])
    filler = unlabelled(labels, tf.constant(2))
    together = {name: tf.concat([values, filler[name]], axis=0) for name, values in labels.items()}
    raw = {"age": tf.random.stateless_normal([4, 101], [1, 2]), "gender": tf.constant([[0.3], [2.0], [9.0], [9.0]])}
    for output, loss in distillation_losses(network(), 0.5).items():
        filled, alone = loss(together, raw[output]), loss(labels, raw[output][:2])
        np.testing.assert_allclose(tf.reduce_mean(filled), tf.reduce_mean(alone), rtol=1e-5)
