"""Targets are mixed of labels and a teacher's answers; where a label is unknown, the teacher alone is learned from."""

from typing import Literal

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.data.labels import age_group
from visage.networks import NetworkSpec
from visage.networks.heads import expected_age
from visage.training.batches import unlabelled
from visage.training.distillation.losses import distillation_losses, mixed_age, mixed_gender
from visage.training.losses import label_distribution, losses

SHARES = st.floats(0, 1)


def three_answers(seed: int, sharpness: float) -> np.ndarray:
    """Distributions over the ages 0 to 100, from even ones (0) to all mass on one age."""
    logits = sharpness * np.random.default_rng(seed).normal(size=(3, 101))
    return (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)


TEACHERS = st.builds(three_answers, st.integers(0, 2**32 - 1), st.floats(0, 20))
A_CHILD = [-1.0, 0.0, float(age_group(10)), 2.5]
NOBODY_KNOWS = [-1.0, 0.0, -1.0, 2.5]


def aged(years: float) -> list[float]:
    return [years, 1.0, float(age_group(min(years, 100))), 2.5]


def taught(labels: list[list[float]], answers: np.ndarray) -> tf.Tensor:
    return tf.concat([labels, answers], axis=1)


def network(age_head: Literal["softmax", "label_distribution"] = "label_distribution") -> NetworkSpec:
    return NetworkSpec("compact", 64, 3, age_head, "binary")


@settings(max_examples=40, deadline=None)
@given(TEACHERS, st.floats(0, 116), SHARES, st.booleans())
def test_a_mixed_target_is_a_distribution_between_label_and_teacher(
    teacher: np.ndarray, years: float, share: float, one_hot: bool
) -> None:
    labels = taught([aged(years), A_CHILD, NOBODY_KNOWS], teacher)
    target, _, known = (part.numpy() for part in mixed_age(labels, share, one_hot))
    np.testing.assert_allclose(target.sum(axis=1), 1, atol=1e-4)
    assert (target >= 0).all()
    assert known.tolist() == [1, 1, 1]
    label = label_distribution(labels[:1, 0], labels[:1, 3] * (not one_hot))[0]
    np.testing.assert_allclose(target[0], (1 - share) * label.numpy() + share * teacher[0], atol=1e-6)
    np.testing.assert_allclose(target[2], teacher[2], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(TEACHERS)
def test_without_a_share_of_the_teacher_the_label_is_left_and_without_one_of_the_label_the_teacher(
    teacher: np.ndarray,
) -> None:
    labels = taught([aged(30), aged(64.5), A_CHILD], teacher)
    target, years, _ = mixed_age(labels, 0.0, one_hot=False)
    np.testing.assert_allclose(target[:2], label_distribution(labels[:2, 0], labels[:2, 3]), atol=1e-6)
    np.testing.assert_allclose(years[:2], [30, 64.5], atol=1e-4)
    in_group = [age_group(age) == age_group(10) for age in range(101)]
    assert float(target.numpy()[2, in_group].sum()) == pytest.approx(1, abs=1e-5)
    target, years, _ = mixed_age(labels, 1.0, one_hot=False)
    np.testing.assert_allclose(target, teacher, atol=1e-6)
    np.testing.assert_allclose(years, expected_age(tf.constant(teacher)), rtol=1e-4)


def test_genders_are_mixed_where_they_are_known() -> None:
    labels = tf.constant([[1.0, 1.0, 0.2, 1.0], [0.0, 1.0, 0.2, 1.0], [-1.0, 0.0, 0.2, 1.0], [0.0, 0.0, 0.0, 0.0]])
    expected = [[0.8, 1.0], [0.05, 1.0], [0.2, 1.0], [0.0, 0.0]]
    np.testing.assert_allclose(mixed_gender(labels, 0.25), expected, atol=1e-6)


@pytest.mark.parametrize("age_head", ["softmax", "label_distribution"])
def test_the_loss_falls_to_that_of_the_labels_as_the_share_does(
    age_head: Literal["softmax", "label_distribution"],
) -> None:
    age, gender = tf.constant([aged(30), aged(62)]), tf.constant([[1.0, 1.0], [0.0, 1.0]])
    answers = tf.constant(np.random.default_rng(1).dirichlet(np.ones(101), 2), tf.float32)
    raw = {"age": tf.random.stateless_normal([2, 101], [1, 2]), "gender": tf.constant([[0.3], [2.0]])}
    with_answers = {
        "age": tf.concat([age, answers], axis=1),
        "gender": tf.concat([gender, [[0.9, 1.0], [0.4, 1.0]]], axis=1),
    }
    plain = losses(network(age_head))
    for output, labels in {"age": age, "gender": gender}.items():
        expected = plain[output](labels, raw[output])
        for share in (0.0, 0.7):
            # As of the validation split, which has no teacher.
            alone = distillation_losses(network(age_head), share)[output](labels, raw[output])
            np.testing.assert_array_equal(alone, expected)
        mixed = distillation_losses(network(age_head), 0.0)[output](with_answers[output], raw[output])
        np.testing.assert_allclose(mixed, expected, rtol=1e-4)


def test_a_network_that_says_what_the_teacher_says_of_unlabelled_faces_has_nothing_to_learn() -> None:
    teacher = tf.random.stateless_normal([2, 101], [1, 2])
    labels = tf.concat([[NOBODY_KNOWS, NOBODY_KNOWS], tf.nn.softmax(teacher)], axis=1)
    loss = distillation_losses(network(), 0.5)["age"]
    np.testing.assert_allclose(loss(labels, teacher), [0, 0], atol=1e-4)
    assert (loss(labels, tf.reverse(teacher, [1])).numpy() > 0.1).all()


def test_what_fills_up_a_batch_teaches_nothing() -> None:
    labels = {
        "age": taught([aged(30), NOBODY_KNOWS], np.full((2, 101), 1 / 101, np.float32)),
        "gender": tf.constant([[1.0, 1.0, 0.7, 1.0], [0.0, 0.0, 0.7, 1.0]]),
    }
    filler = unlabelled(labels, tf.constant(2))
    raw = {"age": tf.random.stateless_normal([4, 101], [1, 2]), "gender": tf.constant([[0.3], [2.0], [9.0], [9.0]])}
    for output, loss in distillation_losses(network(), 0.5).items():
        filled = loss(tf.concat([labels[output], filler[output]], axis=0), raw[output])
        alone = loss(labels[output], raw[output][:2])
        np.testing.assert_allclose(tf.reduce_mean(filled), tf.reduce_mean(alone), rtol=1e-5)
