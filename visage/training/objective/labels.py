"""Names the labels of a batch: tensors with one value for each record.

| name | dtype, shape | unit, range | what |
|---|---|---|---|
| `age` | float32 [N] | years, -1 where unknown | the age |
| `age_weight` | float32 [N] | 0 to 1 | 1 where the age in years is known |
| `age_group` | int32 [N] | 0 to 7, -1 where unknown | index into `AGE_GROUPS` |
| `age_group_weight` | float32 [N] | 0 to 1 | 1 where the group is known, alone or with the age |
| `age_std` | float32 [N] | years, 0 and more | the width of the label distribution, see below |
| `gender` | float32 [N] | 0 female, 1 male, -1 where unknown | the gender |
| `gender_weight` | float32 [N] | 0 to 1 | 1 where the gender is known |
| `teacher_age` | float32 [N, 101] | 0 to 1, rows sum to 1 | a teacher's distribution over the ages 0 to 100 |
| `teacher_gender` | float32 [N] | 0 to 1 | a teacher's P(male) |
| `teacher_weight` | float32 [N] | 0 or 1 | 1 where the teacher has a prediction |

A batch holds only the labels of the network's heads, and the teacher's if there is one. A weight is the record's
`sample_weight` in the loss and in the metrics of that label: at 0 the label counts for nothing, whatever its
value. It is below 1 where the label is known but looks wrong (`visage.training.suspects`).

`age_std` is the standard deviation of people's guesses if the record has it (Yang et al., Deep label distribution
learning for apparent age estimation, ICCV workshops 2015), else `trainer.label_sigma`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

Labels = dict[str, "keras.KerasTensor"]
