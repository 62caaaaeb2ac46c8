"""Defines the losses of training, each over the records whose label is known.

An age label is an interval of years. An exact one has the loss of its head in the literature. Of a wider one, every
head learns from the probability inside: the loss is -log of its mass there; that of a regression, which has no
probabilities, is the distance to the interval.

Losses are per record, [N]: Keras itself takes their mean and divides it by the number of devices. A record of weight 0
has the loss 0, and the weight of the others is raised, so that the mean is that over the records of weight 1. `Mean`
counts those records over the batch on all devices together.

`labels` are the named tensors of `visage.training.objective.labels`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
from keras import ops

from visage.data.labels import AGE_GROUPS
from visage.networks import AgeHead, GenderHead, NetworkSpec
from visage.networks.heads import AGES, age_probabilities, expected_age, male_logit, mass_in
from visage.training.objective.labels import Labels, exact_weight, first_and_last_group

# Maps labels and a head's raw output to a loss for each record, [N].
Loss = Callable[[Labels, keras.KerasTensor], keras.KerasTensor]
# Maps [N] values of one device to their mean over the batch that all devices share.
Mean = Callable[[keras.KerasTensor], keras.KerasTensor]

# Years of error with the same weight as one nat of gender cross-entropy.
_YEARS_PER_NAT = 10.0
# Years; a Gaussian this narrow is one-hot in float32, and none of its terms overflows.
_NARROWEST = 0.01
# Its exponential is 0, and its gradient is finite.
_LOG_OF_NOTHING = -1e9


def losses(spec: NetworkSpec, mean: Mean = ops.mean) -> dict[str, Loss]:
    """Returns the loss of each output of the network."""
    found = {}
    if spec.age_head is not None:
        found["age"] = age_loss(spec.age_head, mean)
    if spec.gender_head is not None:
        found["gender"] = gender_loss(spec.gender_head, mean)
    return found


def age_loss(head: AgeHead, mean: Mean = ops.mean) -> Loss:
    """Returns the age loss of a network's head."""
    by_head: dict[AgeHead, Callable[..., keras.KerasTensor]] = {
        "regression": regression_loss,
        "softmax": softmax_loss,
        "label_distribution": label_distribution_loss,
        "age_groups": age_groups_loss,
        "coral": coral_loss,
    }
    return partial(by_head[head], mean=mean)


def regression_loss(labels: Labels, years: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Returns the distance to the interval in decades: years [N, 1] to [N]; of an exact age |years - age| / 10."""
    below, above = ops.relu(labels["age_low"] - years[:, 0]), ops.relu(years[:, 0] - labels["age_high"])
    return weigh(labels["age_weight"], (below + above) / _YEARS_PER_NAT, mean)


def softmax_loss(labels: Labels, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Returns the cross-entropy with the age as one of 101 classes (Rothe et al.: DEX, ICCV workshops 2015).

    An age between two whole years is interpolated between both classes. Intervals as in `label_distribution_loss`.

    Args:
        labels: those of the age.
        logits: [N, 101].

    Returns:
        [N]; 0 where the age is unknown.
    """
    target = age_probabilities(labels["age_low"][:, None], "regression")
    return _of_age_or_interval(labels, cross_entropy(target, logits), age_probabilities(logits, "softmax"), mean)


def age_groups_loss(labels: Labels, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Returns -log of the mass in the groups that the age label meets: logits [N, 8] to [N].

    Where the label determines one group, that is the cross-entropy of its class.
    """
    groups = ops.arange(len(AGE_GROUPS), dtype="int32")
    first, last = (group[:, None] for group in first_and_last_group(labels))
    met = ops.logical_and(groups >= first, groups <= last)
    log_mass = ops.logsumexp(ops.where(met, ops.log_softmax(logits, axis=-1), _LOG_OF_NOTHING), axis=-1)
    return weigh(labels["age_weight"], -log_mass, mean)


def coral_loss(labels: Labels, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Returns the binary cross-entropies of "older than k?" (Cao et al.: CORAL, Pattern Recognition Letters 2020).

    They are summed over the ages k, since each year of error gets one of them wrong, and divided by 10, as absolute
    errors are. The target of the last k of an age between two whole years is the fraction of that year. Intervals as in
    `label_distribution_loss`.

    Args:
        labels: those of the age.
        logits: [N, 100] of P(age > 0) to P(age > 99).

    Returns:
        [N]; 0 where the age is unknown.
    """
    older = ops.clip(labels["age_low"][:, None] - ops.arange(AGES - 1, dtype="float32"), 0.0, 1.0)
    cross_entropies = ops.sum(ops.softplus(logits) - older * logits, axis=-1) / _YEARS_PER_NAT
    return _of_age_or_interval(labels, cross_entropies, age_probabilities(logits, "coral"), mean)


def label_distribution_loss(labels: Labels, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Returns the loss of label-distribution learning (Gao et al., DLDL-v2, IJCAI 2018), or of an interval.

    For an exact age: the Kullback-Leibler divergence from the Gaussian of `age_std` around it, plus the absolute error
    of the expectation in decades. For a wider interval: -log of the probability mass inside.

    Args:
        labels: those of the age.
        logits: [N, 101].

    Returns:
        [N]; 0 where the age is unknown.
    """
    age = labels["age_low"]
    of_age = divergence_and_error(label_distribution(age, labels["age_std"]), age, logits)
    return _of_age_or_interval(labels, of_age, age_probabilities(logits, "label_distribution"), mean)


def cross_entropy(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the cross-entropy of distributions [N, classes] with logits [N, classes], to [N]."""
    return -ops.sum(target * ops.log_softmax(logits, axis=-1), axis=-1)


def divergence_and_error(
    target: keras.KerasTensor, age: keras.KerasTensor, logits: keras.KerasTensor
) -> keras.KerasTensor:
    """Returns the divergence from distributions [N, 101] plus the expectation's error in decades from ages [N]."""
    divergence = cross_entropy(target, logits) + ops.sum(target * ops.log(target + keras.config.epsilon()), axis=-1)
    return divergence + ops.abs(expected_age(ops.softmax(logits, axis=-1)) - age) / _YEARS_PER_NAT


def label_distribution(age: keras.KerasTensor, sigma: keras.KerasTensor) -> keras.KerasTensor:
    """Returns a Gaussian of sigma years around each age over the ages 0 to 100: [N] and [N] to [N, 101], rows sum to 1.

    Sigma 0 puts all mass on the two whole years around the age (on one if it is whole).
    """
    sigma = sigma[:, None]
    distance = ops.arange(AGES, dtype="float32") - ops.clip(age, 0.0, AGES - 1.0)[:, None]
    gaussian = ops.softmax(-0.5 * ops.square(distance / ops.maximum(sigma, _NARROWEST)), axis=-1)
    return ops.where(sigma == 0, age_probabilities(age[:, None], "regression"), gaussian)


def gender_loss(head: GenderHead, mean: Mean = ops.mean) -> Loss:
    """Returns the cross-entropy of a gender head: logits [N, 1] or [N, 2] to [N].

    The cross-entropy of a softmax of two classes is the binary one of the difference between their logits.
    """

    def cross_entropy(labels: Labels, logits: keras.KerasTensor) -> keras.KerasTensor:
        logit = male_logit(logits, head)
        return weigh(labels["gender_weight"], ops.softplus(logit) - labels["gender"] * logit, mean)

    return cross_entropy


def _of_age_or_interval(
    labels: Labels, of_age: keras.KerasTensor, probabilities: keras.KerasTensor, mean: Mean
) -> keras.KerasTensor:
    """Returns `of_age` [N] of exact ages, and -log of the mass of [N, 101] inside wider intervals."""
    of_interval = -ops.log(mass_in(probabilities, labels["age_low"], labels["age_high"]) + keras.config.epsilon())
    # A label that is known may have any weight above 0.
    return weigh(labels["age_weight"], ops.where(exact_weight(labels) > 0, of_age, of_interval), mean)


def weigh(known: keras.KerasTensor, values: keras.KerasTensor, mean: Mean) -> keras.KerasTensor:
    """Returns values [N] whose mean is that of `values` by the weights `known` [N], 0 to 1; all 0 if those are 0."""
    return values * known / ops.maximum(mean(known), keras.config.epsilon())
