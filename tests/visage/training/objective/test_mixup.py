"""The loss of a mixture is that of both images' labels, by their fractions, whatever the labels are."""

from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from tests.visage.training.objective.label_batches import (
    A_CHILD,
    MAN,
    NO_AGE,
    NO_GENDER,
    WIDTHS,
    WOMAN,
    aged,
    batch_of,
    with_teacher_predictions,
)
from visage.networks import NETWORKS, AgeHead
from visage.networks.heads import age_probabilities
from visage.training.augmentation.mixup import mix
from visage.training.distillation.losses import distillation_losses
from visage.training.objective.labels import Labels
from visage.training.objective.losses import age_loss, gender_loss
from visage.training.objective.mixup import mixup_losses

SEED = tf.constant([1, 2], tf.int64)
# An exact age and an interval, a label of less weight, and an unknown one.
AGES = batch_of(aged(30), A_CHILD, {**aged(50), "age_weight": 0.25}, NO_AGE)
GENDERS = batch_of(MAN, WOMAN, NO_GENDER, {**MAN, "gender_weight": 0.25})


def mixed(labels: Labels) -> Labels:
    return mix(tf.zeros([len(next(iter(labels.values()))), 1, 1, 1]), labels, SEED, alpha=1.0)[1]


def of_both(losses: tf.Tensor, second: tf.Tensor, fraction: tf.Tensor) -> np.ndarray:
    return np.asarray((1 - fraction) * losses + fraction * second)


@pytest.mark.parametrize("head", get_args(AgeHead))
def test_every_head_has_the_losses_of_both_labels(head: AgeHead) -> None:
    labels, raw = mixed(AGES), tf.random.stateless_normal([4, WIDTHS[head]], [1, 2])
    loss = age_loss(head)
    second = {name: tf.roll(values, 1, axis=0) for name, values in AGES.items()}
    expected = of_both(loss(AGES, raw), loss(second, raw), labels["mixup_fraction"])
    (of_mixtures,) = mixup_losses({"age": loss}).values()
    np.testing.assert_allclose(of_mixtures(labels, raw), expected, rtol=1e-6)
    # As of the validation split.
    np.testing.assert_array_equal(of_mixtures(AGES, raw), loss(AGES, raw))


def test_the_loss_of_a_mixture_is_the_cross_entropy_of_the_mixed_target() -> None:
    ages = batch_of(aged(30), aged(62))
    genders = batch_of(MAN, WOMAN)
    labels = mixed({**ages, **genders})
    fraction = labels["mixup_fraction"][:, None]
    logits, raw = tf.random.stateless_normal([2, 101], [1, 2]), tf.constant([[0.3], [2.0]])
    losses = mixup_losses({"age": age_loss("softmax"), "gender": gender_loss("binary")})

    one_hot = age_probabilities(ages["age_low"][:, None], "regression")
    target = (1 - fraction) * one_hot + fraction * tf.reverse(one_hot, [0])
    np.testing.assert_allclose(
        losses["age"](labels, logits), tf.nn.softmax_cross_entropy_with_logits(target, logits), rtol=1e-5
    )
    male = (1 - fraction) * genders["gender"][:, None] + fraction * tf.reverse(genders["gender"][:, None], [0])
    np.testing.assert_allclose(
        losses["gender"](labels, raw), tf.nn.sigmoid_cross_entropy_with_logits(male, raw)[:, 0], rtol=1e-5
    )


def test_labels_of_a_teacher_and_of_less_weight_are_those_of_their_image() -> None:
    teacher = np.random.default_rng(1).dirichlet(np.ones(101), 4)
    plain = with_teacher_predictions({**AGES, **GENDERS}, teacher, [0.9, 0.4, 0.1, 0.7])
    second = {name: tf.roll(values, 1, axis=0) for name, values in plain.items()}
    labels = mixed(plain)
    raw = {"age": tf.random.stateless_normal([4, 101], [1, 2]), "gender": tf.random.stateless_normal([4, 1], [3, 4])}
    taught = distillation_losses(NETWORKS["compact"], 0.5)
    for output, loss in mixup_losses(taught).items():
        of_own, of_second = (taught[output](some, raw[output]) for some in (plain, second))
        expected = of_both(of_own, of_second, labels["mixup_fraction"])
        np.testing.assert_allclose(loss(labels, raw[output]), expected, rtol=1e-6)
