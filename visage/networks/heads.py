"""A network's last layers, and the way from their raw outputs to what every model answers.

| head | raw output | what it stands for |
|---|---|---|
| age: regression | years [N, 1] | the age |
| age: softmax | logits [N, 101] | ages 0 to 100 as classes (Rothe, Timofte, Van Gool: DEX, ICCV workshops 2015) |
| age: label_distribution | logits [N, 101] | a label distribution (Gao et al., IEEE TIP 2017): another loss |
| age: age_groups | logits [N, 8] | `AGE_GROUPS` |
| age: coral | logits [N, 100] | P(age > 0) to P(age > 99) (Cao, Mirjalili, Raschka: CORAL, 2020) |
| gender: binary | logits [N, 1] | P(male) |
| gender: softmax | logits [N, 2] | female, male |
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from visage.data.labels import AGE_GROUP_BOUNDARIES, AGE_GROUP_MIDDLES, AGE_GROUPS, GENDERS, age_group
from visage.networks import AgeHead, GenderHead

# The ages, in years, that `age_probabilities` counts.
AGES = 101
# The outputs that the last weighted layer of each head has. CORAL's thresholds share one of them.
AGE_UNITS: dict[AgeHead, int] = {
    "regression": 1,
    "softmax": AGES,
    "label_distribution": AGES,
    "age_groups": len(AGE_GROUPS),
    "coral": 1,
}
GENDER_UNITS: dict[GenderHead, int] = {"binary": 1, "softmax": len(GENDERS)}

# Years; about the mean of every data set, where a regression starts so that its first steps are not spent on it.
_INITIAL_AGE = 33.0


def dense_outputs(
    features: keras.KerasTensor,
    age_head: AgeHead | None,
    gender_head: GenderHead | None,
    branch: Callable[[keras.KerasTensor], keras.KerasTensor] = lambda features: features,
) -> dict[str, keras.KerasTensor]:
    """The raw outputs of the heads that there are, each one dense layer on what `branch` makes of features [N, width].

    `branch` is called once a head, so that layers which it makes are that head's own.
    """
    outputs = {}
    if age_head is not None:
        outputs["age"] = dense_age(branch(features), age_head)
    if gender_head is not None:
        outputs["gender"] = dense_gender(branch(features), gender_head)
    return outputs


def dense_age(features: keras.KerasTensor, head: AgeHead) -> keras.KerasTensor:
    """An age head on features [N, width]."""
    bias = keras.initializers.Constant(_INITIAL_AGE) if head == "regression" else "zeros"
    name = "age_rank" if head == "coral" else "age"
    # In half precision an age of 70 years would come in steps of half a year.
    raw = keras.layers.Dense(AGE_UNITS[head], bias_initializer=bias, dtype="float32", name=name)(features)
    return OrdinalThresholds(dtype="float32", name="age")(raw) if head == "coral" else raw


def dense_gender(features: keras.KerasTensor, head: GenderHead) -> keras.KerasTensor:
    """A gender head on features [N, width]."""
    return keras.layers.Dense(GENDER_UNITS[head], dtype="float32", name="gender")(features)


class OrdinalThresholds(keras.layers.Layer):
    """One bias a threshold under a score that they all share, which keeps their answers consistent (CORAL, 2020)."""

    def build(self, input_shape: tuple[int | None, int]) -> None:
        """`input_shape` is [N, 1]."""
        # Falling from the start, as training leaves them.
        start = [1.0 - threshold / (AGES - 1) for threshold in range(AGES - 1)]
        self._biases = self.add_weight(
            name="biases",
            shape=(AGES - 1,),
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(start, dtype),
        )

    def call(self, score: keras.KerasTensor) -> keras.KerasTensor:
        """Scores [N, 1] to logits [N, 100] of P(age > 0) to P(age > 99)."""
        # Without the ones LiteRT's converter takes these biases for those of the layer before, and fails.
        return score * ops.ones((1, AGES - 1)) + self._biases


def age_probabilities(raw_age: keras.KerasTensor, head: AgeHead) -> keras.KerasTensor:
    """The distribution that a network's raw age output stands for, over the ages 0 to 100 or over `AGE_GROUPS`.

    Args:
        raw_age: as the head gives it.
        head: which one.

    Returns:
        float32 [N, 101], or [N, 8] of the head "age_groups"; every row sums to 1. A regression's mass lies on the two
        whole years around its value, so that the expectation is the value, held within 0 to 100.
    """
    raw_age = ops.cast(raw_age, "float32")
    if head == "regression":
        return ops.relu(1.0 - ops.abs(ops.clip(raw_age, 0.0, AGES - 1.0) - _ages()))
    if head == "coral":
        return _between_thresholds(raw_age)
    return ops.softmax(raw_age, axis=-1)


def expected_age(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Expectation of the age in years, sum of p(i)·i (DEX, 2015): [N, 101], or [N, 8] with the groups' middles, to [N].

    The middle of the group 4-6 is 5, that of 60-100 is 80.
    """
    of_groups = probabilities.shape[-1] == len(AGE_GROUPS)
    years = ops.convert_to_tensor(AGE_GROUP_MIDDLES, "float32") if of_groups else _ages()
    return ops.sum(probabilities * years, axis=-1)


def group_probabilities(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """The mass that falls into each of `AGE_GROUPS`: [N, 101], or [N, 8] as it is, to [N, 8]."""
    if probabilities.shape[-1] == len(AGE_GROUPS):
        return probabilities
    return ops.matmul(probabilities, members_of_groups())


def predicted_group(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the age group that a model predicts.

    Of a distribution over the years it is the group of the expected age, by the rule of `labels.age_group`, so that
    both outputs agree. The head "age_groups" predicts the group itself: the most probable one. The age that is derived
    from such a head, the expectation of the groups' middles, may lie in another group where two are nearly as probable.

    Args:
        probabilities: float [N, 101] or [N, 8].

    Returns:
        Indices into `AGE_GROUPS`, int32 [N].
    """
    if probabilities.shape[-1] == len(AGE_GROUPS):
        return ops.argmax(probabilities, axis=-1)
    age = ops.round(expected_age(probabilities))
    boundaries = ops.convert_to_tensor(AGE_GROUP_BOUNDARIES, "float32")
    return ops.sum(ops.cast(age[:, None] > boundaries, "int32"), axis=-1)


def members_of_groups() -> keras.KerasTensor:
    """float32 [101, 8]: 1 where an age belongs to one of `AGE_GROUPS`."""
    members = [[float(age_group(age) == group) for group in range(len(AGE_GROUPS))] for age in range(AGES)]
    return ops.convert_to_tensor(members, "float32")


def male_logit(raw_gender: keras.KerasTensor, head: GenderHead) -> keras.KerasTensor:
    """The logit [N] of P(male) from a network's raw gender output; of two classes it is their difference."""
    raw_gender = ops.cast(raw_gender, "float32")
    return raw_gender[:, 1] - raw_gender[:, 0] if head == "softmax" else raw_gender[:, 0]


def _between_thresholds(logits: keras.KerasTensor) -> keras.KerasTensor:
    """[N, 100] of P(age > k) to the mass [N, 101] between neighbouring thresholds; its expectation is their sum.

    Sorted, which changes the expectation by nothing and the mass only where biases are not yet in order.
    """
    above = ops.flip(ops.sort(ops.sigmoid(logits), axis=-1), axis=-1)
    certain, impossible = ops.ones_like(above[:, :1]), ops.zeros_like(above[:, :1])
    above = ops.concatenate([certain, above, impossible], axis=-1)
    return above[:, :-1] - above[:, 1:]


def _ages() -> keras.KerasTensor:
    return ops.arange(AGES, dtype="float32")
