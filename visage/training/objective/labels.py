"""Names the labels of a batch: tensors with one value for each record; and derives what heads learn from them.

| name | dtype, shape | unit, range | what |
|---|---|---|---|
| `age_low` | float32 [N] | years, -1 where unknown | the lowest age of the label |
| `age_high` | float32 [N] | years, -1 where unknown | the highest age, included; `age_low` of an exact one |
| `age_weight` | float32 [N] | 0 to 1 | 1 where the age label is known |
| `age_std` | float32 [N] | years, 0 and more | the width of the label distribution of an exact age, see below |
| `gender` | float32 [N] | 0 female, 1 male, -1 where unknown | the gender |
| `gender_weight` | float32 [N] | 0 to 1 | 1 where the gender is known |
| `teacher_age` | float32 [N, 101] | 0 to 1, rows sum to 1 | a teacher's distribution over the ages 0 to 100 |
| `teacher_gender` | float32 [N] | 0 to 1 | a teacher's P(male) |
| `teacher_weight` | float32 [N] | 0 or 1 | 1 where the teacher has a prediction |
| `mixup_fraction` | float32 [N] | 0 to 0.5 | how much of the image is a second one (`augmentation.mixup`) |
| `mixed_in_*` | as `*` | as `*` | each of the labels above, of that second image |

A batch holds only the labels of the network's heads, the teacher's if there is one, and the last two where images are
mixed. The metrics ignore the last two. A weight is the record's
`sample_weight` in the loss and in the metrics of that label: at 0 the label counts for nothing, whatever its
value. It is below 1 where the label is known but looks wrong (`visage.training.suspects`). An age label is an interval
of years (`visage.data.age_labels`).

`age_std` is the standard deviation of people's guesses if the record has it (Yang et al., Deep label distribution
learning for apparent age estimation, ICCV workshops 2015), else `trainer.label_sigma`.
"""

from __future__ import annotations

import keras
from keras import ops

from visage.networks.heads import groups_of_ages

Labels = dict[str, keras.KerasTensor]

MIXED_IN = "mixed_in_"
"""Begins the names of the labels of the image that was mixed in."""


def exact_weight(labels: Labels) -> keras.KerasTensor:
    """Returns the weight where the age is known exactly, so that `age_low` is it, else 0: float32 [N]."""
    return labels["age_weight"] * ops.cast(ops.equal(labels["age_low"], labels["age_high"]), "float32")


def first_and_last_group(labels: Labels) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Returns the indices into `AGE_GROUPS` of the groups of both ends of the age label, int32 [N] each."""
    return groups_of_ages(labels["age_low"]), groups_of_ages(labels["age_high"])


def group_weight(labels: Labels) -> keras.KerasTensor:
    """Returns the weight where the age label determines the age group, that of `age_low`, else 0: float32 [N]."""
    first, last = first_and_last_group(labels)
    return labels["age_weight"] * ops.cast(ops.equal(first, last), "float32")
