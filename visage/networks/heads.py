"""Builds a network's heads, and converts their raw outputs to the predictions of every model.

| head | raw output | meaning |
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

from collections.abc import Callable, Sequence

import keras
from keras import ops

from visage.data.labels import AGE_GROUP_BOUNDARIES, AGE_GROUP_MIDDLES, AGE_GROUPS, GENDERS
from visage.networks import AgeHead, GenderHead
from visage.networks.members import of_member

# The number of ages, 0 to 100 years, in `age_probabilities`.
AGES = 101
# The number of outputs of the last weighted layer of each head. CORAL's thresholds share one.
AGE_UNITS: dict[AgeHead, int] = {
    "regression": 1,
    "softmax": AGES,
    "label_distribution": AGES,
    "age_groups": len(AGE_GROUPS),
    "coral": 1,
}
GENDER_UNITS: dict[GenderHead, int] = {"binary": 1, "softmax": len(GENDERS)}

# Years; about the mean of every data set, where a regression starts so that its first steps need not learn it.
_INITIAL_AGE = 33.0


def dense_outputs(
    features: keras.KerasTensor,
    age_head: AgeHead | None,
    gender_head: GenderHead | None,
    branch: Callable[[keras.KerasTensor], keras.KerasTensor] = lambda features: features,
    member: str = "",
) -> dict[str, keras.KerasTensor]:
    """Adds the heads that are not None, each one dense layer on the result of `branch` for features [N, width].

    `branch` is called once for each head, so that its layers belong to that head alone. `member` is the one of the
    network's members whose heads they are; '': the network has none.
    """
    outputs = {}
    if age_head is not None:
        outputs["age"] = dense_age(branch(features), age_head, member)
    if gender_head is not None:
        outputs["gender"] = dense_gender(branch(features), gender_head, member)
    return outputs


def hidden_of_levels(
    levels: Sequence[keras.KerasTensor], width: int, dropout_of_levels: float, dropout: float, member: str = ""
) -> keras.KerasTensor:
    """Adds the hidden layer of our own networks to features of several levels of a trunk.

    Args:
        levels: [N, any width] each; they may differ in scale by orders of magnitude, so each feature is standardized.
        width: number of hidden units.
        dropout_of_levels: fraction of the features, 0..1.
        dropout: fraction of the hidden units, 0..1.
        member: as of `dense_outputs`.

    Returns:
        [N, width].
    """
    layers = keras.layers
    x = layers.Concatenate(name=_name("levels", member))(levels)
    x = layers.BatchNormalization(momentum=0.9, center=False, scale=False, name=_name("standardized", member))(x)
    x = layers.Dropout(dropout_of_levels)(x)
    x = layers.Dense(width, activation="gelu", name=_name("hidden", member))(x)
    return layers.Dropout(dropout)(x)


def dense_age(features: keras.KerasTensor, head: AgeHead, member: str = "") -> keras.KerasTensor:
    """Adds an age head to features [N, width]; `member` as of `dense_outputs`."""
    bias = keras.initializers.Constant(_INITIAL_AGE) if head == "regression" else "zeros"
    name = _name("age_rank" if head == "coral" else "age", member)
    # In half precision, ages around 70 years would have steps of half a year.
    raw = keras.layers.Dense(AGE_UNITS[head], bias_initializer=bias, dtype="float32", name=name)(features)
    return OrdinalThresholds(dtype="float32", name=_name("age", member))(raw) if head == "coral" else raw


def dense_gender(features: keras.KerasTensor, head: GenderHead, member: str = "") -> keras.KerasTensor:
    """Adds a gender head to features [N, width]; `member` as of `dense_outputs`."""
    return keras.layers.Dense(GENDER_UNITS[head], dtype="float32", name=_name("gender", member))(features)


def _name(layer: str, member: str) -> str:
    return of_member(layer, member) if member else layer


class OrdinalThresholds(keras.layers.Layer):
    """A bias for each threshold of one shared score, which keeps the thresholds consistent (CORAL, 2020).

    Not named after the head: in *.weights.h5 files Keras names a layer by its class, and existing files must load.
    """

    def build(self, input_shape: tuple[int | None, int]) -> None:
        """Creates the biases; `input_shape` is [N, 1]."""
        # Descending from the start, as after training.
        start = [1.0 - threshold / (AGES - 1) for threshold in range(AGES - 1)]
        self._biases = self.add_weight(
            name="biases",
            shape=(AGES - 1,),
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(start, dtype),
        )

    def call(self, score: keras.KerasTensor) -> keras.KerasTensor:
        """Maps scores [N, 1] to logits [N, 100] of P(age > 0) to P(age > 99)."""
        # Without the ones, LiteRT's converter merges these biases into the previous layer, and fails.
        return score * ops.ones((1, AGES - 1)) + self._biases


def age_probabilities(raw_age: keras.KerasTensor, head: AgeHead) -> keras.KerasTensor:
    """Converts a network's raw age output to a distribution over the ages 0 to 100 or over `AGE_GROUPS`.

    Args:
        raw_age: raw output of the head.
        head: kind of the head.

    Returns:
        float32 [N, 101], or [N, 8] for the head "age_groups"; every row sums to 1. A regression's mass lies on the two
        whole years around its value, so that the expectation is the value, clipped to 0 to 100.
    """
    raw_age = ops.cast(raw_age, "float32")
    if head == "regression":
        return ops.relu(1.0 - ops.abs(ops.clip(raw_age, 0.0, AGES - 1.0) - _ages()))
    if head == "coral":
        return _between_thresholds(raw_age)
    return ops.softmax(raw_age, axis=-1)


def expected_age(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the expected age in years, sum of p(i)·i (DEX, 2015): [N, 101], or [N, 8] of groups' middles, to [N].

    The middle of the group 4-6 is 5, that of 60-100 is 80.
    """
    of_groups = probabilities.shape[-1] == len(AGE_GROUPS)
    years = ops.convert_to_tensor(AGE_GROUP_MIDDLES, "float32") if of_groups else _ages()
    return ops.sum(probabilities * years, axis=-1)


def mass_in(probabilities: keras.KerasTensor, low: keras.KerasTensor, high: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the mass of distributions [N, 101] in the years `low` to `high` [N], both included: [N]."""
    return ops.sum(years_between(low, high) * probabilities, axis=-1)


def years_between(low: keras.KerasTensor, high: keras.KerasTensor) -> keras.KerasTensor:
    """Returns 1 for the ages 0 to 100 that are `low` to `high` years [N], both included, else 0: float32 [N, 101].

    Bounds beyond 0 and 100 are the first and the last age.
    """
    first, last = (ops.clip(bound, 0.0, AGES - 1.0)[:, None] for bound in (low, high))
    return ops.cast(ops.logical_and(_ages() >= first, _ages() <= last), "float32")


def predicted_group(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the age group that a model predicts.

    For a distribution over years it is the group of the expected age, by the rule of `labels.age_group`, so that both
    outputs agree. The head "age_groups" predicts the group itself: the most probable one. The age derived from such a
    head, the expectation of the groups' middles, may lie in another group if two are almost equally probable.

    Args:
        probabilities: float [N, 101] or [N, 8].

    Returns:
        Indices into `AGE_GROUPS`, int32 [N].
    """
    if probabilities.shape[-1] == len(AGE_GROUPS):
        return ops.argmax(probabilities, axis=-1)
    return groups_of_ages(expected_age(probabilities))


def groups_of_ages(age: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the index into `AGE_GROUPS` of each age in years by the rule of `labels.age_group`: [N] to int32 [N]."""
    boundaries = ops.convert_to_tensor(AGE_GROUP_BOUNDARIES, "float32")
    return ops.sum(ops.cast(ops.round(age)[:, None] > boundaries, "int32"), axis=-1)


def male_logit(raw_gender: keras.KerasTensor, head: GenderHead) -> keras.KerasTensor:
    """Returns the logit [N] of P(male) from a network's raw gender output; for two classes it is their difference."""
    raw_gender = ops.cast(raw_gender, "float32")
    return raw_gender[:, 1] - raw_gender[:, 0] if head == "softmax" else raw_gender[:, 0]


def _between_thresholds(logits: keras.KerasTensor) -> keras.KerasTensor:
    """Converts P(age > k) [N, 100] to the mass [N, 101] between thresholds; its expectation is their sum.

    Sorting does not change the expectation, and changes the mass only while biases are not yet in order.
    """
    above = ops.flip(ops.sort(ops.sigmoid(logits), axis=-1), axis=-1)
    certain, impossible = ops.ones_like(above[:, :1]), ops.zeros_like(above[:, :1])
    above = ops.concatenate([certain, above, impossible], axis=-1)
    return above[:, :-1] - above[:, 1:]


def _ages() -> keras.KerasTensor:
    return ops.arange(AGES, dtype="float32")
