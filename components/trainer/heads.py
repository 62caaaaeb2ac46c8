"""From a network's raw outputs to what every model answers: ages, their distribution, groups and genders."""

from __future__ import annotations

import keras
from keras import ops

from components.faces.records import AGE_GROUPS, age_group
from components.trainer.models import AgeHead

# The ages, in years, that `age_probabilities` counts.
AGES = 101


def age_probabilities(raw_age: keras.KerasTensor, head: AgeHead) -> keras.KerasTensor:
    """The distribution over the ages 0 to 100 that a network's raw age output stands for.

    Args:
        raw_age: logits [N, 101] of a distribution head, or years [N, 1] of a regression head.
        head: which of the two.

    Returns:
        float32 [N, 101]; every row sums to 1. A regression's mass lies on the two whole years around its value, so
        that the expectation is the value, held within 0 to 100.
    """
    if head == "distribution":
        return ops.softmax(ops.cast(raw_age, "float32"), axis=-1)
    years = ops.clip(ops.cast(raw_age, "float32"), 0.0, AGES - 1.0)
    return ops.relu(1.0 - ops.abs(years - _ages()))


def expected_age(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Expectation of the age (Rothe, Timofte, Van Gool: DEX, 2015): [N, 101] to years [N]."""
    return ops.sum(probabilities * _ages(), axis=-1)


def group_probabilities(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """The mass that falls into each of `AGE_GROUPS`: [N, 101] to [N, 8]."""
    membership = [[float(age_group(age) == group) for group in range(len(AGE_GROUPS))] for age in range(AGES)]
    return ops.matmul(probabilities, ops.convert_to_tensor(membership, "float32"))


def _ages() -> keras.KerasTensor:
    return ops.arange(AGES, dtype="float32")
