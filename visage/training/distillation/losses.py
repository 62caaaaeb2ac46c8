"""A teacher's answers mixed into the labels (Hinton et al., Distilling the knowledge in a neural network, 2015).

The labels of a taught record are those that `losses` describes with the teacher's answers behind them: `age` is
[N, 4 + 101], ending in the teacher's distribution over the ages, and `gender` [N, 2 + 2], ending in (P(male), 1); what
fills up a batch ends in zeros. So the metrics read the labels as ever, and the validation split, which has no teacher,
is judged by its labels alone.

A head learns towards one target, (1 - share) times the label plus share times the teacher's answer. Cross-entropy and
divergence are linear in their target: against the mixed one they are the mixture of those against either, up to a
constant. The expectation's error is that from the mixed expectation. Where a label is unknown, the teacher's answer is
the whole target, so that faces without labels teach too.
"""

from __future__ import annotations

import keras
from keras import ops

from visage.networks import NetworkSpec
from visage.networks.heads import expected_age, members_of_groups
from visage.training.losses import (
    Loss,
    Mean,
    cross_entropy,
    divergence_and_error,
    label_distribution,
    losses,
    one_hot_group,
    weigh,
)

_AGE_LABEL, _GENDER_LABEL = 4, 2


def distillation_losses(spec: NetworkSpec, share: float, mean: Mean = ops.mean) -> dict[str, Loss]:
    """By output, for the heads that the network has; labels without a teacher's answers are judged as `losses` does.

    Args:
        spec: with an age head of 101 classes, or none.
        share: weight of the teacher's answers, 0 to 1.
        mean: over the batch that all devices share.
    """
    of_labels = losses(spec, mean)

    def age(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        if labels.shape[-1] == _AGE_LABEL:
            return of_labels["age"](labels, logits)
        one_hot = spec.age_head == "softmax"
        target, years, known = mixed_age(labels, share, one_hot)
        surprise = cross_entropy(target, logits) if one_hot else divergence_and_error(target, years, logits)
        return weigh(known, surprise, mean)

    def gender(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        taught = labels.shape[-1] > _GENDER_LABEL
        return of_labels["gender"](mixed_gender(labels, share) if taught else labels, logits)

    taught = {"age": age, "gender": gender}
    return {output: taught[output] for output in of_labels}


def mixed_age(
    labels: keras.KerasTensor, share: float, one_hot: bool
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """The target of an age head. The label of a record whose group alone is known is the teacher's answer in the group.

    Args:
        labels: [N, 4 + 101].
        share: weight of the teacher's answers.
        one_hot: whether a known age is a class, not a Gaussian of its sigma.

    Returns:
        The distribution [N, 101], whose rows sum to 1; the age [N] in years, for a known age (1 - share) times the
        label's own and share times the teacher's expectation, else the distribution's expectation; and [N], 0 where
        the teacher has not answered.
    """
    age, age_known, group, sigma = (labels[:, column] for column in range(_AGE_LABEL))
    teacher = labels[:, _AGE_LABEL:]
    from_age = label_distribution(age, ops.zeros_like(sigma) if one_hot else sigma)
    from_group = _within_group(teacher, group)
    is_known, has_group = age_known[:, None] > 0, group[:, None] >= 0
    label = ops.where(is_known, from_age, ops.where(has_group, from_group, teacher))
    target = (1.0 - share) * label + share * teacher
    years = ops.where(age_known > 0, (1.0 - share) * age + share * expected_age(teacher), expected_age(target))
    return target, years, ops.cast(ops.sum(teacher, axis=-1) > 0, "float32")


def mixed_gender(labels: keras.KerasTensor, share: float) -> keras.KerasTensor:
    """The labels that a gender loss takes: [N, 2 + 2] to [N, 2], P(male) and 0 where the teacher has not answered."""
    male, known, teacher, answered = (labels[:, column] for column in range(2 * _GENDER_LABEL))
    return ops.stack([ops.where(known > 0, (1.0 - share) * male + share * teacher, teacher), answered], axis=-1)


def _within_group(teacher: keras.KerasTensor, group: keras.KerasTensor) -> keras.KerasTensor:
    """What of distributions [N, 101] lies in groups [N], made to sum to 1; even where nothing does."""
    members = ops.matmul(one_hot_group(group), ops.transpose(members_of_groups()))
    mass = members * (teacher + keras.config.epsilon())
    return mass / ops.sum(mass, axis=-1, keepdims=True)
