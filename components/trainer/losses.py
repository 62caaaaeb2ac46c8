"""What training minimizes and what it reports, each over the records whose label is known.

Losses come a record, [N], since Keras shares a batch out to several GPUs only by the mean that it takes itself; where
a label is unknown they are 0, and the others weigh the more, so that the mean is that over the known labels.

Labels travel as one tensor a head, because Keras pairs one label with one output: `age` is [N, 3], (age in years,
age_known 0/1, index of the age group or -1), and `gender` is [N, 2], (1 male / 0 female, gender_known 0/1).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from components.faces.records import AGE_GROUPS
from components.trainer.heads import AGES, age_probabilities, expected_age, group_probabilities
from components.trainer.models import AgeHead

Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]

# Years of error that weigh as much as one nat of gender cross-entropy.
_YEARS_PER_NAT = 10.0


def age_loss(head: AgeHead, sigma: float) -> Loss:
    """The age loss that fits a network's head.

    Args:
        head: "regression" takes the absolute error, "distribution" the divergence of `distribution_loss`.
        sigma: years; width of the label distribution. 0 makes it one-hot.
    """
    if head == "regression":
        return regression_loss

    def loss(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        return distribution_loss(labels, logits, sigma)

    return loss


def regression_loss(labels: keras.KerasTensor, years: keras.KerasTensor) -> keras.KerasTensor:
    """Absolute error in decades: labels [N, 3], years [N, 1] to [N]."""
    error = ops.abs(years[:, 0] - labels[:, 0]) / _YEARS_PER_NAT
    return _weigh(labels[:, 1], error)


def distribution_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, sigma: float) -> keras.KerasTensor:
    """Label-distribution learning (Gao et al., DLDL-v2, IJCAI 2018) with group labels where there is no age.

    A known age asks for the Gaussian of `sigma` years around it (Kullback-Leibler divergence) and for an expectation
    near it (absolute error, in decades). An unknown age in a known group asks that the mass lie in the group.

    Args:
        labels: [N, 3].
        logits: [N, 101].
        sigma: years; 0 is one-hot.

    Returns:
        [N]; 0 where neither age nor group is known.
    """
    age, age_known, group = labels[:, 0], labels[:, 1], labels[:, 2]
    log_probabilities = ops.log_softmax(logits, axis=-1)
    probabilities = ops.exp(log_probabilities)
    target = label_distribution(age, sigma)
    divergence = ops.sum(target * (ops.log(target + keras.config.epsilon()) - log_probabilities), axis=-1)
    error = ops.abs(expected_age(probabilities) - age) / _YEARS_PER_NAT
    group_only = (1.0 - age_known) * ops.cast(group >= 0, "float32")
    in_group = ops.one_hot(ops.cast(ops.maximum(group, 0.0), "int32"), len(AGE_GROUPS), dtype="float32")
    group_mass = ops.sum(in_group * group_probabilities(probabilities), axis=-1)
    surprise = -ops.log(group_mass + keras.config.epsilon())
    return _weigh(age_known + group_only, age_known * (divergence + error) + group_only * surprise)


def label_distribution(age: keras.KerasTensor, sigma: float) -> keras.KerasTensor:
    """Gaussian of `sigma` years around each age, over the ages 0 to 100: years [N] to [N, 101], rows sum to 1.

    Sigma 0 puts all mass on the two whole years around the age (on one where it is whole).
    """
    if sigma == 0:
        return age_probabilities(age[:, None], "regression")
    distance = (ops.arange(AGES, dtype="float32") - ops.clip(age, 0.0, AGES - 1.0)[:, None]) / sigma
    return ops.softmax(-0.5 * ops.square(distance), axis=-1)


def gender_loss(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy: labels [N, 2], logits [N, 1] to [N]."""
    logit = logits[:, 0]
    male = labels[:, 0]
    return _weigh(labels[:, 1], ops.softplus(logit) - male * logit)


class AgeError(keras.metrics.Mean):
    """Mean absolute error of the age in years, over the records whose age is known."""

    def __init__(self, head: AgeHead, name: str = "mae") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(
        self, labels: keras.KerasTensor, raw_age: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Takes labels [N, 3] and the network's raw age output."""
        age = expected_age(age_probabilities(raw_age, self._head))
        super().update_state(ops.abs(age - labels[:, 0]), sample_weight=labels[:, 1])


class GenderAccuracy(keras.metrics.Mean):
    """Share of right genders, over the records whose gender is known."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name=name)

    def update_state(
        self, labels: keras.KerasTensor, logits: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Takes labels [N, 2] and logits [N, 1]."""
        right = ops.equal(ops.cast(logits[:, 0] > 0, "float32"), labels[:, 0])
        super().update_state(ops.cast(right, "float32"), sample_weight=labels[:, 1])


def _weigh(known: keras.KerasTensor, values: keras.KerasTensor) -> keras.KerasTensor:
    """Values [N] whose mean is the mean of `values` where `known` [N] is 1; all 0 where it is nowhere."""
    return values * known / ops.maximum(ops.mean(known), keras.config.epsilon())
