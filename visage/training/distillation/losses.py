"""Mixes a teacher's predictions into the labels (Hinton et al., Distilling the knowledge in a neural network, 2015).

The labels of the training split then include the teacher's predictions: `teacher_age`, `teacher_gender`,
`teacher_weight`. The metrics ignore them, and the validation split, which has no teacher, uses its labels alone.

The target of a head is (1 - alpha) · label + alpha · teacher's prediction; a label's own weight multiplies 1 - alpha.
Cross-entropy and divergence are linear in their target, so against the mixed target they are the mixture of those
against label and teacher, up to a constant. The expectation's error is measured from the mixed expectation. If a label
is unknown, the teacher's prediction is the whole target, so that faces without labels contribute too.
"""

from __future__ import annotations

import keras
from keras import ops

from visage.networks import NetworkSpec
from visage.networks.heads import expected_age, years_between
from visage.training.objective.labels import Labels, exact_weight
from visage.training.objective.losses import (
    Loss,
    Mean,
    cross_entropy,
    divergence_and_error,
    label_distribution,
    losses,
    weigh,
)


def distillation_losses(spec: NetworkSpec, alpha: float, mean: Mean = ops.mean) -> dict[str, Loss]:
    """Returns the losses of the network's heads by output; without a teacher's predictions they equal `losses`.

    Args:
        spec: with an age head of 101 classes, or none.
        alpha: weight of the teacher's predictions, 0 to 1.
        mean: over the batch that all devices share.
    """
    of_labels = losses(spec, mean)

    def age(labels: Labels, logits: keras.KerasTensor) -> keras.KerasTensor:
        if "teacher_weight" not in labels:
            return of_labels["age"](labels, logits)
        one_hot = spec.age_head == "softmax"
        target, years = mixed_age(labels, alpha, one_hot)
        loss = cross_entropy(target, logits) if one_hot else divergence_and_error(target, years, logits)
        return weigh(labels["teacher_weight"], loss, mean)

    def gender(labels: Labels, logits: keras.KerasTensor) -> keras.KerasTensor:
        return of_labels["gender"](mixed_gender(labels, alpha) if "teacher_weight" in labels else labels, logits)

    taught = {"age": age, "gender": gender}
    return {output: taught[output] for output in of_labels}


def mixed_age(labels: Labels, alpha: float, one_hot: bool) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Returns the target of an age head; for an interval, the label is the teacher's prediction within it.

    Args:
        labels: those of the age and the teacher's.
        alpha: weight of the teacher's predictions.
        one_hot: whether an exact age is a class, not a Gaussian of its `age_std`.

    Returns:
        The distribution [N, 101], whose rows sum to 1; and the age [N] in years: for an exact age (1 - alpha) times the
        label plus alpha times the teacher's expectation, else the distribution's expectation.
    """
    age, teacher = labels["age_low"], labels["teacher_age"]
    from_age = label_distribution(age, ops.zeros_like(age) if one_hot else labels["age_std"])
    from_interval = _within(teacher, age, labels["age_high"])
    is_known, is_exact = labels["age_weight"] > 0, exact_weight(labels) > 0
    label = ops.where(is_exact[:, None], from_age, ops.where(is_known[:, None], from_interval, teacher))
    # Of a label that looks wrong, the teacher takes over the rest of the weight.
    of_label = (1.0 - alpha) * labels["age_weight"]
    target = of_label[:, None] * label + (1.0 - of_label[:, None]) * teacher
    mixed_years = of_label * age + (1.0 - of_label) * expected_age(teacher)
    years = ops.where(is_exact, mixed_years, expected_age(target))
    return target, years


def mixed_gender(labels: Labels, alpha: float) -> Labels:
    """Returns the labels of a gender loss: `gender` is P(male), `gender_weight` is the teacher's weight.

    Args:
        labels: those of the gender and the teacher's.
        alpha: weight of the teacher's predictions.
    """
    teacher = labels["teacher_gender"]
    of_label = (1.0 - alpha) * labels["gender_weight"]
    male = of_label * labels["gender"] + (1.0 - of_label) * teacher
    return {"gender": male, "gender_weight": labels["teacher_weight"]}


def _within(teacher: keras.KerasTensor, low: keras.KerasTensor, high: keras.KerasTensor) -> keras.KerasTensor:
    """Restricts distributions [N, 101] to the years `low` to `high` [N], normalized to 1; uniform without any mass."""
    mass = years_between(low, high) * (teacher + keras.config.epsilon())
    return mass / ops.sum(mass, axis=-1, keepdims=True)
