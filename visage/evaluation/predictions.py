"""Holds a model's predictions for test records beside their true labels, in plain arrays."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from visage.data.labels import age_group
from visage.evaluation.metrics import Target

# For a head that the model lacks.
_ABSENT = np.empty(0, np.float32)
_OUTPUTS = ("age", "age_group_probabilities", "gender_probability")


@dataclass(frozen=True, eq=False)
class Predictions:
    """The labels of n records, in the order of their keys, and the predictions of a model or the mean of several.

    Attributes:
        keys: keys of the records, string [n].
        images: their digests, string [n]; byte-identical images have the same.
        true_age: years, float32 [n]; NaN where unknown.
        true_age_group: indices into `AGE_GROUPS`, int [n]; -1 where unknown.
        true_gender: indices into `GENDERS`, int [n]; -1 where unknown.
        age: years, float32 [n]; None for a model without an age head.
        age_group_probabilities: float32 [n, 8], rows sum to 1, of a model that predicts groups alone; None of others,
            whose group is that of `age`.
        gender_probability: P(male), float32 [n]; None for a model without a gender head.
    """

    keys: np.ndarray
    images: np.ndarray
    true_age: np.ndarray
    true_age_group: np.ndarray
    true_gender: np.ndarray
    age: np.ndarray | None
    age_group_probabilities: np.ndarray | None
    gender_probability: np.ndarray | None

    def truths(self) -> dict[Target, np.ndarray]:
        """Returns the true values, [n], by target; where unknown, NaN for an age, else -1."""
        return {"age": self.true_age, "age_group": self.true_age_group, "gender": self.true_gender}

    def predicted(self) -> dict[Target, np.ndarray]:
        """Returns the predicted values, float [n], by target.

        Returns:
            `age` in years, `age_group` as an index, NaN where the model gave no finite number, `gender` as P(male);
            without the targets that the model does not predict.
        """
        groups = self._age_groups()
        all_of_them: dict[Target, np.ndarray | None] = {
            "age": self.age,
            "age_group": groups,
            "gender": self.gender_probability,
        }
        return {target: values for target, values in all_of_them.items() if values is not None}

    def _age_groups(self) -> np.ndarray | None:
        if self.age_group_probabilities is not None:
            is_number = np.isfinite(self.age_group_probabilities).all(axis=1)
            return np.where(is_number, self.age_group_probabilities.argmax(axis=1), np.nan)
        if self.age is not None:
            return np.array([age_group(age) if np.isfinite(age) else np.nan for age in self.age], float)
        return None

    def to_bytes(self) -> bytes:
        """Serializes the predictions for `from_bytes`."""
        file = io.BytesIO()
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez(file, **{name: _ABSENT if array is None else array for name, array in arrays.items()})
        return file.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> Predictions:
        """Parses the bytes of `to_bytes`."""
        with np.load(io.BytesIO(content), allow_pickle=False) as saved:
            arrays = dict(saved)
        absent = {name: None for name in _OUTPUTS if not arrays[name].size}
        return Predictions(**{**arrays, **absent})


def bag(models: Sequence[Predictions]) -> Predictions:
    """Averages the predictions of several models for the same records (bagging; Breiman, Machine Learning 1996).

    Raises:
        ValueError: the predictions are for different records, or there are none.
    """
    first, *others = models
    if any(not np.array_equal(first.keys, other.keys) for other in others):
        raise ValueError("predictions of different records have no mean")
    return Predictions(
        first.keys,
        first.images,
        first.true_age,
        first.true_age_group,
        first.true_gender,
        age=_mean([model.age for model in models]),
        age_group_probabilities=_mean([model.age_group_probabilities for model in models]),
        gender_probability=_mean([model.gender_probability for model in models]),
    )


def _mean(outputs: Sequence[np.ndarray | None]) -> np.ndarray | None:
    present = [output for output in outputs if output is not None]
    return np.mean(present, axis=0) if present else None
