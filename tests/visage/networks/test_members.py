"""A network of members answers with their mean, and each member learns from its own loss alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.visage.training.objective.label_batches import MAN, WOMAN, aged, batch_of
from visage.networks import NETWORKS
from visage.networks.heads import age_probabilities, dense_outputs
from visage.networks.members import of_member, with_mean
from visage.training.objective.losses import losses
from visage.training.objective.training_model import TrainingModel

ONES = np.ones((2, 3), np.float32)


@pytest.fixture
def network() -> keras.Model:
    """Two members of a head each, whose random weights differ."""
    keras.utils.set_random_seed(1)
    features = keras.Input((3,))
    members = {name: dense_outputs(features, "label_distribution", "binary", member=name) for name in ("one", "other")}
    return keras.Model(features, with_mean(members))


def test_the_answer_is_the_mean_of_the_raw_outputs(network: keras.Model) -> None:
    raw = {name: np.asarray(values) for name, values in network(ONES).items()}
    assert raw.keys() == {"age", "gender", "age_of_one", "gender_of_one", "age_of_other", "gender_of_other"}
    for output in ("age", "gender"):
        mean = (raw[of_member(output, "one")] + raw[of_member(output, "other")]) / 2
        np.testing.assert_allclose(raw[output], mean, rtol=1e-6)


def test_the_mean_of_logits_is_the_geometric_mean_of_the_distributions(network: keras.Model) -> None:
    raw = network(ONES)
    age, one, other = (
        np.asarray(age_probabilities(raw[name], "label_distribution")) for name in ("age", "age_of_one", "age_of_other")
    )
    geometric = np.sqrt(one * other)
    np.testing.assert_allclose(age, geometric / geometric.sum(axis=1, keepdims=True), rtol=1e-5)


def losses_of(network: keras.Model) -> TrainingModel:
    return TrainingModel(network, losses(NETWORKS["compact"]), {}, members=("one", "other"))


LABELS = batch_of({**aged(30), **MAN}, {**aged(60), **WOMAN})


def test_a_member_learns_as_if_it_were_alone(network: keras.Model) -> None:
    own = network.get_layer("age_of_one").trainable_weights
    before = gradients(network, own)
    for weight in network.get_layer("age_of_other").trainable_weights:
        weight.assign(weight + 1.0)
    for ours, expected in zip(gradients(network, own), before, strict=True):
        assert np.asarray(expected).any()
        np.testing.assert_array_equal(ours, expected)


def gradients(network: keras.Model, weights: list[keras.Variable]) -> list[tf.Tensor]:
    model = losses_of(network)
    with tf.GradientTape() as tape:
        total = model.compute_loss(y=LABELS, y_pred=model(ONES, training=True), training=True)
    return tape.gradient(total, [weight.value for weight in weights])


def test_the_validation_has_the_loss_of_the_answer(network: keras.Model) -> None:
    raw = network(ONES)
    expected = sum(tf.reduce_mean(loss(LABELS, raw[output])) for output, loss in losses(NETWORKS["compact"]).items())
    model = losses_of(network)
    validation = model.compute_loss(y=LABELS, y_pred=model(ONES, training=False), training=False)
    np.testing.assert_allclose(validation, expected, rtol=1e-6)
    assert float(validation) != float(model.compute_loss(y=LABELS, y_pred=raw, training=True))
