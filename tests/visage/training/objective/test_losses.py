"""Losses train towards known labels; an unknown label has no effect."""

import math
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
    between,
)
from visage.data.labels import age_group
from visage.networks import AgeHead
from visage.networks.heads import age_probabilities, expected_age
from visage.training.objective.losses import (
    age_groups_loss,
    age_loss,
    coral_loss,
    cross_entropy,
    divergence_and_error,
    gender_loss,
    label_distribution,
    label_distribution_loss,
    regression_loss,
    softmax_loss,
)
from visage.training.objective.metrics import AgeError, AgeGroupAccuracy, GenderAccuracy

THIRTY = aged(30)


def mean(losses: tf.Tensor) -> float:
    """Returns Keras's loss of a batch."""
    return float(tf.reduce_mean(losses))


def test_regression_counts_decades_of_error_over_known_ages_alone() -> None:
    loss = regression_loss(batch_of(THIRTY, NO_AGE), tf.constant([[35.0], [90.0]]))
    assert mean(loss) == pytest.approx(0.5)


def test_gender_loss_is_the_cross_entropy_over_known_genders_alone() -> None:
    loss = gender_loss("binary")(batch_of(MAN, WOMAN, NO_GENDER), tf.constant([[0.0], [2.0], [99.0]]))
    assert mean(loss) == pytest.approx((np.log(2) + np.log1p(np.exp(2))) / 2, rel=1e-5)


def test_unknown_ages_train_nothing() -> None:
    labels = batch_of(NO_AGE, NO_AGE)
    logits = tf.Variable(tf.random.stateless_normal([2, 101], [1, 2]))
    years = tf.Variable([[20.0], [40.0]])
    with tf.GradientTape(persistent=True) as tape:
        by_distribution = label_distribution_loss(labels, logits)
        by_regression = regression_loss(labels, years)
    for loss, raw in ((by_distribution, logits), (by_regression, years)):
        assert mean(loss) == 0
        assert not np.asarray(tape.gradient(loss, raw)).any()


def test_unknown_genders_train_nothing() -> None:
    logits = tf.Variable([[3.0]])
    with tf.GradientTape() as tape:
        loss = gender_loss("binary")(batch_of(NO_GENDER), logits)
    assert mean(loss) == 0
    assert not np.asarray(tape.gradient(loss, logits)).any()


@pytest.mark.parametrize("head", get_args(AgeHead))
def test_an_age_of_a_quarter_of_the_weight_trains_a_quarter_of_one(head: AgeHead) -> None:
    labels = batch_of(aged(30), aged(70))
    labels["age_weight"] = tf.constant([1.0, 0.25])
    raw = tf.random.stateless_normal([2, WIDTHS[head]], [1, 2])
    loss = age_loss(head)
    alone = [
        float(loss({name: values[one : one + 1] for name, values in labels_of_one.items()}, raw[one : one + 1])[0])
        for labels_of_one in [batch_of(aged(30), aged(70))]
        for one in (0, 1)
    ]
    assert mean(loss(labels, raw)) == pytest.approx((alone[0] + 0.25 * alone[1]) / 1.25, rel=1e-4)


@pytest.mark.parametrize("head", get_args(AgeHead))
def test_an_unknown_age_trains_no_head_and_changes_no_other_record(head: AgeHead) -> None:
    raw = tf.Variable(tf.random.stateless_normal([2, WIDTHS[head]], [1, 2]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(age_loss(head)(batch_of(THIRTY, NO_AGE), raw))
    gradient = np.asarray(tape.gradient(loss, raw))
    assert gradient[0].any()
    assert not gradient[1].any()
    assert float(loss) == pytest.approx(mean(age_loss(head)(batch_of(THIRTY), raw[:1])), rel=1e-5)


@pytest.mark.parametrize("head", get_args(AgeHead))
def test_every_head_learns_the_ages_of_its_records(head: AgeHead) -> None:
    labels = batch_of(*map(aged, (5.0, 28.0, 80.0)))
    raw = tf.Variable(tf.zeros([3, WIDTHS[head]]))
    for _ in range(300):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(age_loss(head)(labels, raw))
        step = 3.0 if head == "regression" else 5.0
        raw.assign_sub(step * tape.gradient(loss, raw))
    ages = np.asarray(expected_age(age_probabilities(raw, head)))
    np.testing.assert_allclose(ages, [5, 28, 80], atol=1.5)


def test_the_softmax_loss_is_the_cross_entropy_of_the_year() -> None:
    logits = tf.random.stateless_normal([1, 101], [1, 2])
    expected = -float(tf.nn.log_softmax(logits)[0, 30])
    assert mean(softmax_loss(batch_of(THIRTY), logits)) == pytest.approx(expected, rel=1e-5)


def test_the_groups_loss_is_the_cross_entropy_of_the_group_whether_or_not_the_age_is_known() -> None:
    logits = tf.random.stateless_normal([2, 8], [1, 2])
    expected = -float(tf.nn.log_softmax(logits)[0, age_group(30)] + tf.nn.log_softmax(logits)[1, age_group(10)]) / 2
    assert mean(age_groups_loss(batch_of(THIRTY, A_CHILD), logits)) == pytest.approx(expected, rel=1e-5)


def test_the_ordinal_loss_covers_every_threshold() -> None:
    sure = tf.constant([[50.0] * 30 + [-50.0] * 70])
    assert mean(coral_loss(batch_of(THIRTY), sure)) == pytest.approx(0, abs=1e-6)
    undecided = tf.zeros([1, 100])
    assert mean(coral_loss(batch_of(THIRTY), undecided)) == pytest.approx(100 * np.log(2) / 10, rel=1e-5)


def test_two_classes_of_gender_are_learned_as_a_softmax_of_them() -> None:
    logits = tf.constant([[0.5, 2.0], [1.0, -1.0], [99.0, 0.0]])
    two_way = tf.nn.sparse_softmax_cross_entropy_with_logits([1, 0], logits[:2])
    loss = gender_loss("softmax")(batch_of(MAN, WOMAN, NO_GENDER), logits)
    assert mean(loss) == pytest.approx(float(tf.reduce_mean(two_way)), rel=1e-5)


def test_an_unknown_age_does_not_change_what_the_known_ones_train() -> None:
    logits = tf.random.stateless_normal([2, 101], [1, 2])
    alone = label_distribution_loss(batch_of(THIRTY), logits[:1])
    together = label_distribution_loss(batch_of(THIRTY, NO_AGE), logits)
    assert mean(together) == pytest.approx(mean(alone), rel=1e-5)


def test_the_loss_is_least_where_the_distribution_is_the_labels_own() -> None:
    labels = batch_of(THIRTY)
    perfect = tf.math.log(label_distribution(tf.constant([30.0]), tf.constant([2.5])) + 1e-9)
    assert mean(label_distribution_loss(labels, perfect)) == pytest.approx(0, abs=1e-3)
    assert mean(label_distribution_loss(labels, tf.roll(perfect, 5, axis=1))) > 1


def test_a_group_without_an_age_pulls_the_mass_into_the_group() -> None:
    logits = tf.Variable(tf.zeros([1, 101]))
    for _ in range(50):
        with tf.GradientTape() as tape:
            loss = label_distribution_loss(batch_of(A_CHILD), logits)
        logits.assign_sub(20 * tape.gradient(loss, logits))
    assert np.asarray(age_probabilities(logits, "label_distribution"))[0, 8:14].sum() > 0.9


@pytest.mark.parametrize("age", [0.0, 28.16, 30.0, 100.0, 116.0])
def test_an_exact_age_has_the_loss_of_its_head_in_the_literature_to_the_last_digit(age: float) -> None:
    labels, years = batch_of(aged(age)), tf.constant([age])
    logits, of_groups, older = (tf.random.stateless_normal([1, width], [1, 2]) for width in (101, 8, 100))
    class_of_age = age_probabilities(years[:, None], "regression")
    thresholds = tf.clip_by_value(years[:, None] - tf.range(100.0), 0.0, 1.0)
    literature: dict[AgeHead, tuple[tf.Tensor, tf.Tensor]] = {
        "regression": (tf.constant([[41.7]]), abs(41.7 - years) / 10),
        "softmax": (logits, cross_entropy(class_of_age, logits)),
        "label_distribution": (
            logits,
            divergence_and_error(label_distribution(years, tf.constant([2.5])), years, logits),
        ),
        "age_groups": (of_groups, cross_entropy(tf.one_hot([age_group(age)], 8), of_groups)),
        "coral": (older, tf.reduce_sum(tf.nn.softplus(older) - thresholds * older, axis=-1) / 10),
    }
    for head, (raw, expected) in literature.items():
        np.testing.assert_array_equal(age_loss(head)(labels, raw), expected)


TWENTIES = between(20, 29)


@pytest.mark.parametrize("head", ["softmax", "label_distribution", "coral"])
def test_the_loss_of_an_interval_is_that_of_the_probability_inside(head: AgeHead) -> None:
    raw = tf.random.stateless_normal([2, WIDTHS[head]], [1, 2])
    inside = np.asarray(age_probabilities(raw, head))
    expected = -np.log([inside[0, 20:30].sum(), inside[1, 70:].sum()])
    np.testing.assert_allclose(age_loss(head)(batch_of(TWENTIES, between(70, 120)), raw), expected, rtol=1e-4)


def test_the_loss_of_an_interval_over_several_groups_is_that_of_the_groups_it_meets() -> None:
    logits = tf.random.stateless_normal([1, 8], [1, 2])
    # 20 to 22 years are nearest to 15-20, 23 to 29 to 25-32.
    expected = -np.log(np.asarray(tf.nn.softmax(logits))[0, [3, 4]].sum())
    assert mean(age_groups_loss(batch_of(TWENTIES), logits)) == pytest.approx(expected, rel=1e-5)


def test_a_regression_learns_the_distance_to_the_interval() -> None:
    loss = regression_loss(batch_of(*[TWENTIES] * 4), tf.constant([[15.0], [20.0], [24.5], [36.0]]))
    np.testing.assert_allclose(loss, [0.5, 0, 0, 0.7], rtol=1e-6)


@pytest.mark.parametrize("head", get_args(AgeHead))
def test_every_head_is_pulled_into_an_interval(head: AgeHead) -> None:
    raw = tf.Variable(tf.zeros([1, WIDTHS[head]]))
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(age_loss(head)(batch_of(between(60, 69)), raw))
        raw.assign_sub(5 * tape.gradient(loss, raw))
    age = float(expected_age(age_probabilities(raw, head))[0])
    # The only group that meets 60 to 69 years has the middle 80.
    assert age == pytest.approx(80, abs=2) if head == "age_groups" else 59 <= age <= 70


@pytest.mark.parametrize(
    ("age", "sigma", "mean_age", "deviation"), [(50, 4, 53, 5), (40, 2.5, 40, 2.5), (60, 1, 58, 6)]
)
def test_the_loss_at_a_sigma_is_the_closed_form(age: float, sigma: float, mean_age: float, deviation: float) -> None:
    """Compares it with the Kullback-Leibler divergence of two Gaussians plus the distance of their means in decades."""
    labels = batch_of(aged(age, std=sigma))
    logits = -0.5 * ((tf.range(101.0) - mean_age) / deviation)[None] ** 2
    divergence = np.log(deviation / sigma) + (sigma**2 + (age - mean_age) ** 2) / (2 * deviation**2) - 0.5
    expected = divergence + abs(age - mean_age) / 10
    assert mean(label_distribution_loss(labels, logits)) == pytest.approx(expected, abs=2e-4)


def test_each_record_has_a_width_of_its_own() -> None:
    logits = tf.random.stateless_normal([2, 101], [1, 2])
    wide = aged(30, std=8)
    together = np.asarray(label_distribution_loss(batch_of(THIRTY, wide), logits))
    alone = [label_distribution_loss(batch_of(row), logits[i : i + 1])[0] for i, row in enumerate((THIRTY, wide))]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert together[0] != pytest.approx(float(label_distribution_loss(batch_of(wide), logits[:1])[0]), rel=0.05)


@pytest.mark.parametrize("sigma", [0.0, 1e-30, 0.5, 2.5, 20.0, 60.0])
def test_label_distributions_sum_to_one_and_peak_at_the_age(sigma: float) -> None:
    distribution = np.asarray(label_distribution(tf.constant([0.0, 33.0, 100.0]), tf.fill([3], sigma)))
    np.testing.assert_allclose(distribution.sum(axis=1), 1, atol=1e-5)
    assert list(distribution.argmax(axis=1)) == [0, 33, 100]


def test_votes_that_all_agree_are_one_hot_and_a_fraction_is_shared() -> None:
    distribution = np.asarray(label_distribution(tf.constant([33.0, 33.25]), tf.constant([0.0, 0.0])))
    assert distribution[0, 33] == 1
    np.testing.assert_allclose(distribution[1, 33:35], [0.75, 0.25], atol=1e-6)


def test_metrics_count_known_labels_alone() -> None:
    error, accuracy, group = AgeError("regression"), GenderAccuracy("binary"), AgeGroupAccuracy("age_groups")
    error.update_state(batch_of(THIRTY, A_CHILD, NO_AGE), tf.constant([[37.0], [80.0], [1.0]]))
    accuracy.update_state(batch_of(MAN, WOMAN, NO_GENDER), tf.constant([[2.0], [2.0], [-2.0]]))
    assert float(error.result()) == pytest.approx(7)
    assert float(accuracy.result()) == pytest.approx(0.5)
    # The twenties are in two groups, so they determine none.
    group.update_state(batch_of(THIRTY, A_CHILD, NO_AGE, TWENTIES), tf.one_hot([age_group(30), 0, 0, 4], 8))
    assert float(group.result()) == pytest.approx(0.5)


def test_a_metric_without_known_labels_is_nan_not_perfect() -> None:
    error = AgeError("regression")
    error.update_state(batch_of(A_CHILD, NO_AGE), tf.constant([[80.0], [1.0]]))
    assert math.isnan(float(error.result()))
