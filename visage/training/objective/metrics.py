"""Defines the metrics of training, each over the records whose label is known."""

from __future__ import annotations

import keras
from keras import ops

from visage.networks import AgeHead, GenderHead, NetworkSpec
from visage.networks.heads import age_probabilities, expected_age, male_logit, predicted_group
from visage.training.objective.labels import Labels, exact_weight, first_and_last_group, group_weight


def metrics(spec: NetworkSpec) -> dict[str, list[keras.metrics.Metric]]:
    """Returns new metrics for each output of the network; they take the labels and that output."""
    found: dict[str, list[keras.metrics.Metric]] = {}
    if spec.age_head is not None:
        of_years = [] if spec.age_head == "age_groups" else [AgeError(spec.age_head)]
        found["age"] = [*of_years, AgeGroupAccuracy(spec.age_head)]
    if spec.gender_head is not None:
        found["gender"] = [GenderAccuracy(spec.gender_head)]
    return found


class MeanOfKnown(keras.metrics.Mean):
    """A mean that is NaN without values, where Keras returns 0."""

    def result(self) -> keras.KerasTensor:
        """Returns the mean so far: a scalar."""
        return ops.where(self.count > 0, super().result(), float("nan"))


class AgeError(MeanOfKnown):
    """The mean absolute error of the age in years, over the records whose age is known exactly."""

    def __init__(self, head: AgeHead, name: str = "age_mae") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(self, labels: Labels, raw_age: keras.KerasTensor) -> None:
        """Adds a batch: the labels of the age and the network's raw age output."""
        age = expected_age(age_probabilities(raw_age, self._head))
        super().update_state(ops.abs(age - labels["age_low"]), sample_weight=exact_weight(labels))


class AgeGroupAccuracy(MeanOfKnown):
    """The fraction of correct age groups, over the records whose age label determines the group."""

    def __init__(self, head: AgeHead, name: str = "age_group_accuracy") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(self, labels: Labels, raw_age: keras.KerasTensor) -> None:
        """Adds a batch: the labels of the age and the network's raw age output."""
        group = predicted_group(age_probabilities(raw_age, self._head))
        right = ops.equal(ops.cast(group, "int32"), first_and_last_group(labels)[0])
        super().update_state(ops.cast(right, "float32"), sample_weight=group_weight(labels))


class GenderAccuracy(MeanOfKnown):
    """The fraction of correct genders, over the records whose gender is known."""

    def __init__(self, head: GenderHead, name: str = "gender_accuracy") -> None:
        super().__init__(name=name)
        self._head = head

    def update_state(self, labels: Labels, logits: keras.KerasTensor) -> None:
        """Adds a batch: the labels of the gender and the network's raw gender output."""
        right = ops.equal(ops.cast(male_logit(logits, self._head) > 0, "float32"), labels["gender"])
        super().update_state(ops.cast(right, "float32"), sample_weight=labels["gender_weight"])
