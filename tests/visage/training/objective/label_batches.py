"""Makes labels of records, and batches of them, as `visage.training.objective.labels` describes them."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from visage.networks import AgeHead
from visage.training.objective.labels import Labels

WIDTHS: dict[AgeHead, int] = {"regression": 1, "softmax": 101, "label_distribution": 101, "age_groups": 8, "coral": 100}
"""The number of raw outputs of each age head."""


def aged(years: float, std: float = 2.5) -> dict[str, float]:
    """Returns the labels of a record whose age in years is known exactly."""
    return between(years, years, std)


def between(low: float, high: float, std: float = 2.5) -> dict[str, float]:
    """Returns the labels of a record whose age in completed years is one of `low` to `high`."""
    return {"age_low": low, "age_high": high, "age_weight": 1.0, "age_std": std}


A_CHILD = between(8, 13)
NO_AGE = {**aged(-1), "age_weight": 0.0}
WOMAN = {"gender": 0.0, "gender_weight": 1.0}
MAN = {"gender": 1.0, "gender_weight": 1.0}
NO_GENDER = {"gender": -1.0, "gender_weight": 0.0}


def batch_of(*records: Mapping[str, float]) -> Labels:
    """Returns the labels of several records with the same known labels, as a training batch."""
    columns = {name: np.array([record[name] for record in records]) for name in records[0]}
    return {name: tf.constant(column, tf.float32) for name, column in columns.items()}


def with_teacher_predictions(labels: Labels, ages: np.ndarray | None = None, male: list[float] | None = None) -> Labels:
    """Adds a teacher's predictions to labels: distributions over the ages [N, 101], P(male) [N]."""
    count = len(next(iter(labels.values())))
    of_age = {} if ages is None else {"teacher_age": tf.constant(ages, tf.float32)}
    of_gender = {} if male is None else {"teacher_gender": tf.constant(male, tf.float32)}
    return {**labels, **of_age, **of_gender, "teacher_weight": tf.ones(count)}
