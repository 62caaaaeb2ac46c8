"""What training minimizes and what it reports, each over the records whose label is known.

Losses come a record, [N], since Keras shares a batch out to several GPUs only by the mean that it takes itself; where
a label is unknown they are 0, and the others weigh the more, so that the mean is that over the known labels. How many
those are counts over the batch on all devices together, which `Mean` looks at.

Labels travel as one tensor a head, because Keras pairs one label with one output: `age` is [N, 4], (age in years,
age_known 0/1, index of the age group or -1, sigma in years), and `gender` is [N, 2], (1 male / 0 female, gender_known
0/1). Sigma is the width of the label distribution: the deviation of people's guesses where a record holds it (Yang et
al., Deep label distribution learning for apparent age estimation, ICCV workshops 2015), else `trainer.label_sigma`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
from keras import ops

from visage.data.labels import AGE_GROUPS
from visage.networks import AgeHead, GenderHead, NetworkSpec
from visage.networks.heads import (
    AGES,
    age_probabilities,
    expected_age,
    group_probabilities,
    male_logit,
    predicted_group,
)

Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]
# Of [N] values of one device, over the batch that all devices share.
Mean = Callable[[keras.KerasTensor], keras.KerasTensor]

# Years of error that weigh as much as one nat of gender cross-entropy.
_YEARS_PER_NAT = 10.0
# Years; a Gaussian this narrow is one-hot in float32, and none of its terms overflows.
_NARROWEST = 0.01


def losses(spec: NetworkSpec, mean: Mean = ops.mean) -> dict[str, Loss]:
    """By output, for the heads that the network has."""
    found = {}
    if spec.age_head is not None:
        found["age"] = age_loss(spec.age_head, mean)
    if spec.gender_head is not None:
        found["gender"] = gender_loss(spec.gender_head, mean)
    return found


def metrics(spec: NetworkSpec) -> dict[str, list[keras.metrics.Metric]]:
    """By output, for the heads that the network has."""
    found: dict[str, list[keras.metrics.Metric]] = {}
    if spec.age_head is not None:
        of_years = [] if spec.age_head == "age_groups" else [AgeError(spec.age_head)]
        found["age"] = [*of_years, AgeGroupAccuracy(spec.age_head)]
    if spec.gender_head is not None:
        found["gender"] = [GenderAccuracy(spec.gender_head)]
    return found


def age_loss(head: AgeHead, mean: Mean = ops.mean) -> Loss:
    """The age loss that fits a network's head."""
    by_head: dict[AgeHead, Callable[..., keras.KerasTensor]] = {
        "regression": regression_loss,
        "softmax": softmax_loss,
        "label_distribution": distribution_loss,
        "age_groups": groups_loss,
        "coral": ordinal_loss,
    }
    return partial(by_head[head], mean=mean)


def regression_loss(labels: keras.KerasTensor, years: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Absolute error in decades: labels [N, 4], years [N, 1] to [N]."""
    error = ops.abs(years[:, 0] - labels[:, 0]) / _YEARS_PER_NAT
    return weigh(labels[:, 1], error, mean)


def softmax_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Cross-entropy with the age as one of 101 classes (Rothe, Timofte, Van Gool: DEX, ICCV workshops 2015).

    An age between two whole years asks for both, the nearer one the more. Groups without an age as `distribution_loss`.

    Args:
        labels: [N, 4].
        logits: [N, 101].

    Returns:
        [N]; 0 where neither age nor group is known.
    """
    target = age_probabilities(labels[:, :1], "regression")
    return _of_age_or_group(labels, cross_entropy(target, logits), age_probabilities(logits, "softmax"), mean)


def groups_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Cross-entropy with the age's group as one of eight classes: labels [N, 4], logits [N, 8] to [N]."""
    group = labels[:, 2]
    return weigh(ops.cast(group >= 0, "float32"), cross_entropy(one_hot_group(group), logits), mean)


def ordinal_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Binary cross-entropies of "older than k?" (Cao, Mirjalili, Raschka: CORAL, Pattern Recognition Letters 2020).

    Summed over the ages k, of which a year of error gets one wrong, and counted by the decade as absolute errors are.
    An age between two whole years asks for its fraction of the last one. Groups without an age as `distribution_loss`.

    Args:
        labels: [N, 4].
        logits: [N, 100] of P(age > 0) to P(age > 99).

    Returns:
        [N]; 0 where neither age nor group is known.
    """
    older = ops.clip(labels[:, :1] - ops.arange(AGES - 1, dtype="float32"), 0.0, 1.0)
    surprise = ops.sum(ops.softplus(logits) - older * logits, axis=-1) / _YEARS_PER_NAT
    return _of_age_or_group(labels, surprise, age_probabilities(logits, "coral"), mean)


def distribution_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, mean: Mean = ops.mean) -> keras.KerasTensor:
    """Label-distribution learning (Gao et al., DLDL-v2, IJCAI 2018) with group labels where there is no age.

    A known age asks for the Gaussian of its sigma around it (Kullback-Leibler divergence) and for an expectation near
    it (absolute error, in decades). An unknown age in a known group asks that the mass lie in the group.

    Args:
        labels: [N, 4].
        logits: [N, 101].

    Returns:
        [N]; 0 where neither age nor group is known.
    """
    age, sigma = labels[:, 0], labels[:, 3]
    of_age = divergence_and_error(label_distribution(age, sigma), age, logits)
    return _of_age_or_group(labels, of_age, age_probabilities(logits, "label_distribution"), mean)


def cross_entropy(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """That of distributions [N, classes] with logits [N, classes], to [N]."""
    return -ops.sum(target * ops.log_softmax(logits, axis=-1), axis=-1)


def divergence_and_error(
    target: keras.KerasTensor, age: keras.KerasTensor, logits: keras.KerasTensor
) -> keras.KerasTensor:
    """Kullback-Leibler divergence from distributions [N, 101] plus the expectation's error in decades from ages [N]."""
    divergence = cross_entropy(target, logits) + ops.sum(target * ops.log(target + keras.config.epsilon()), axis=-1)
    return divergence + ops.abs(expected_age(ops.softmax(logits, axis=-1)) - age) / _YEARS_PER_NAT


def label_distribution(age: keras.KerasTensor, sigma: keras.KerasTensor) -> keras.KerasTensor:
    """Gaussian of sigma years around each age, over the ages 0 to 100: years [N] and [N] to [N, 101], rows sum to 1.

    Sigma 0 puts all mass on the two whole years around the age (on one where it is whole).
    """
    sigma = sigma[:, None]
    distance = ops.arange(AGES, dtype="float32") - ops.clip(age, 0.0, AGES - 1.0)[:, None]
    gaussian = ops.softmax(-0.5 * ops.square(distance / ops.maximum(sigma, _NARROWEST)), axis=-1)
    return ops.where(sigma == 0, age_probabilities(age[:, None], "regression"), gaussian)


def gender_loss(head: GenderHead, mean: Mean = ops.mean) -> Loss:
    """Cross-entropy of a gender head: labels [N, 2], logits [N, 1] or [N, 2] to [N].

    That of a softmax of two classes is the binary one of the difference between their logits.
    """

    def cross_entropy(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        logit = male_logit(logits, head)
        return weigh(labels[:, 1], ops.softplus(logit) - labels[:, 0] * logit, mean)

    return cross_entropy


class MeanOfKnown(keras.metrics.Mean):
    """NaN where there was nothing to take the mean of, which Keras calls 0."""

    def result(self) -> keras.KerasTensor:
        """The mean so far: a scalar."""
        return ops.where(self.count > 0, super().result(), float("nan"))


class AgeError(MeanOfKnown):
    """Mean absolute error of the age in years, over the records whose age is known."""

    def __init__(self, head: AgeHead, name: str = "mae") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(
        self, labels: keras.KerasTensor, raw_age: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Takes labels [N, 4] and the network's raw age output."""
        age = expected_age(age_probabilities(raw_age, self._head))
        super().update_state(ops.abs(age - labels[:, 0]), sample_weight=labels[:, 1])


class AgeGroupAccuracy(MeanOfKnown):
    """Share of right age groups, over the records whose group is known."""

    def __init__(self, head: AgeHead, name: str = "group_accuracy") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(
        self, labels: keras.KerasTensor, raw_age: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Takes labels [N, 4] and the network's raw age output."""
        group = predicted_group(age_probabilities(raw_age, self._head))
        right = ops.cast(ops.equal(ops.cast(group, "float32"), labels[:, 2]), "float32")
        super().update_state(right, sample_weight=ops.cast(labels[:, 2] >= 0, "float32"))


class GenderAccuracy(MeanOfKnown):
    """Share of right genders, over the records whose gender is known."""

    def __init__(self, head: GenderHead, name: str = "accuracy") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(
        self, labels: keras.KerasTensor, logits: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Takes labels [N, 2] and the network's raw gender output."""
        right = ops.equal(ops.cast(male_logit(logits, self._head) > 0, "float32"), labels[:, 0])
        super().update_state(ops.cast(right, "float32"), sample_weight=labels[:, 1])


def _of_age_or_group(
    labels: keras.KerasTensor, of_age: keras.KerasTensor, probabilities: keras.KerasTensor, mean: Mean
) -> keras.KerasTensor:
    """`of_age` [N] where the age is known; where the group alone is, that the mass of [N, 101] lie in it."""
    age_known, group = labels[:, 1], labels[:, 2]
    group_only = (1.0 - age_known) * ops.cast(group >= 0, "float32")
    group_mass = ops.sum(one_hot_group(group) * group_probabilities(probabilities), axis=-1)
    surprise = -ops.log(group_mass + keras.config.epsilon())
    return weigh(age_known + group_only, age_known * of_age + group_only * surprise, mean)


def one_hot_group(group: keras.KerasTensor) -> keras.KerasTensor:
    """[N] to [N, 8]; an unknown group, -1, is taken as the first."""
    return ops.one_hot(ops.cast(ops.maximum(group, 0.0), "int32"), len(AGE_GROUPS), dtype="float32")


def weigh(known: keras.KerasTensor, values: keras.KerasTensor, mean: Mean) -> keras.KerasTensor:
    """Values [N] whose mean is the mean of `values` where `known` [N] is 1; all 0 where it is nowhere."""
    return values * known / ops.maximum(mean(known), keras.config.epsilon())
