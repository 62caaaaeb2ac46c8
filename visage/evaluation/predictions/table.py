"""Holds the labels of test records beside the outputs of models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np

from visage.data.labels import AGE_GROUP_BOUNDARIES, AGE_GROUPS, GENDERS
from visage.data.records import FaceRecord
from visage.evaluation.metrics.spec import Target

# Measures of the face in its image, as `FaceRecord` has them.
QUALITY = ("face_size", "blur", "light", "roll")

# Roles of models: the one that is evaluated, the blessed one before it, and a pinned one.
CANDIDATE: Final = "candidate"
BASELINE: Final = "baseline"
REFERENCE: Final = "reference"


@dataclass(frozen=True, eq=False)
class Truths:
    """The labels of n records.

    Attributes:
        key: unique within the table, string [n].
        image_digest: string [n]; byte-identical images have the same.
        identity: string [n]; 'unknown' where nobody is named.
        source: string [n].
        gender: string [n], 'female', 'male' or 'unknown'.
        race: string [n], one of `RACES` or 'unknown'.
        age_low: the lowest age of the label in years, float [n]; NaN where unknown.
        age_high: the highest one, included, float [n]; `age_low` where the age is exact, NaN where unknown.
        apparent_age: mean and standard deviation of people's guesses in years, float [n, 2]; NaN where unknown.
        quality: measures of the face in its image by name, float [n] each; NaN where unknown.
    """

    key: np.ndarray
    image_digest: np.ndarray
    identity: np.ndarray
    source: np.ndarray
    gender: np.ndarray
    race: np.ndarray
    age_low: np.ndarray
    age_high: np.ndarray
    apparent_age: np.ndarray
    quality: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.key)

    @staticmethod
    def of_records(records: Sequence[FaceRecord]) -> Truths:
        """Returns the labels of records, in their order; their images are not kept."""

        def texts(name: str) -> np.ndarray:
            return np.array([getattr(record, name) for record in records], str)

        def numbers(name: str) -> np.ndarray:
            values = [getattr(record, name) for record in records]
            return np.array([np.nan if value is None else value for value in values], np.float32)

        labels = [record.age_label for record in records]
        bounds = np.array([(np.nan, np.nan) if label is None else (label.low, label.high) for label in labels])
        bounds = bounds.reshape(-1, 2).astype(np.float32)
        return Truths(
            key=texts("key"),
            image_digest=texts("image_digest"),
            identity=texts("identity"),
            source=texts("source"),
            gender=texts("gender"),
            race=texts("race"),
            age_low=bounds[:, 0],
            age_high=bounds[:, 1],
            apparent_age=np.stack([numbers("apparent_age_mean"), numbers("apparent_age_std")], axis=1),
            quality={name: numbers(name) for name in QUALITY},
        )

    @property
    def age(self) -> np.ndarray:
        """Returns the ages in years that are known exactly, float [n], else NaN."""
        return np.where(self.age_low < self.age_high, np.nan, self.age_low).astype(self.age_low.dtype)

    @property
    def age_group(self) -> np.ndarray:
        """Returns the indices into `AGE_GROUPS` of the groups that age labels determine, int [n], else -1."""
        first, last = _groups_of(self.age_low), _groups_of(self.age_high)
        return np.where(np.isfinite(self.age_low) & (first == last), first, -1)

    def by_target(self) -> dict[Target, np.ndarray]:
        """Returns what is true, by what the metrics measure; where unknown, NaN for an age, else -1."""
        gender = np.full(len(self), -1)
        for index, name in enumerate(GENDERS):
            gender[self.gender == name] = index
        return {
            "age": self.age,
            "age_distribution": self.age,
            "age_interval": np.where(self.age_low < self.age_high, (self.age_low, self.age_high), np.nan).T,
            "apparent_age": self.apparent_age,
            "age_group": self.age_group,
            "gender": gender,
            "gender_probability": gender,
        }

    def take(self, rows: np.ndarray) -> Truths:
        """Returns the labels of `rows`, indices or bool [n]."""
        quality = {name: values[rows] for name, values in self.quality.items()}
        arrays = {each.name: getattr(self, each.name)[rows] for each in fields(self) if each.name != "quality"}
        return Truths(**arrays, quality=quality)


@dataclass(frozen=True, eq=False)
class ModelOutputs:
    """The outputs of a model, or the mean of several models, for n records; None: the model lacks the head.

    Attributes:
        age: years, float32 [n].
        age_probabilities: float32 [n, 101], or [n, 8] of a model that predicts groups; rows sum to 1.
        age_group: indices into `AGE_GROUPS`, float32 [n]; None as well where it follows from the others, as that of a
            mean of models does.
        gender_probability: P(male), float32 [n].
        gender: indices into `GENDERS`, float32 [n], of a system that gives no probability; else None.
    """

    age: np.ndarray | None = None
    age_probabilities: np.ndarray | None = None
    age_group: np.ndarray | None = None
    gender_probability: np.ndarray | None = None
    gender: np.ndarray | None = None

    def by_target(self) -> dict[Target, np.ndarray]:
        """Returns what the model predicts, by what the metrics measure, without what it does not predict.

        Returns:
            `age`, `age_interval` and `apparent_age` in years, `age_distribution` [n, 101], `age_group` as an index, NaN
            where the model gave no finite number, `gender_probability` as P(male), `gender` the same or an index;
            float [n] else.
        """
        distribution = None if self.predicts_groups else self.age_probabilities
        found: dict[Target, np.ndarray | None] = {
            "age": self.age,
            "age_distribution": distribution,
            "age_interval": self.age,
            "apparent_age": self.age,
            "age_group": self.age_groups(),
            "gender": self.gender if self.gender_probability is None else self.gender_probability,
            "gender_probability": self.gender_probability,
        }
        return {target: values for target, values in found.items() if values is not None}

    @property
    def predicts_groups(self) -> bool:
        """Returns whether the model predicts the eight age groups instead of an age."""
        return self.age_probabilities is not None and self.age_probabilities.shape[1] == len(AGE_GROUPS)

    def age_groups(self) -> np.ndarray | None:
        """Returns the predicted age group, an index into `AGE_GROUPS`, float [n]; NaN where the output is no number.

        Without an output of its own it is the most probable group of a model that predicts groups, else the group of
        the age (`visage.networks.heads.predicted_group`).
        """
        if self.age_group is not None:
            return self.age_group
        if self.predicts_groups:
            assert self.age_probabilities is not None, "it predicts groups"
            is_number = np.isfinite(self.age_probabilities).all(axis=1)
            return np.where(is_number, self.age_probabilities.argmax(axis=1), np.nan)
        if self.age is not None:
            return np.where(np.isfinite(self.age), _groups_of(self.age), np.nan)
        return None

    def take(self, rows: np.ndarray) -> ModelOutputs:
        """Returns the outputs for `rows`, indices or bool [n]."""
        arrays = [getattr(self, each.name) for each in fields(self)]
        return ModelOutputs(*(None if each is None else each[rows] for each in arrays))


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """The labels of n records beside the outputs of the candidate and, where there are some, of other models.

    Attributes:
        truths: labels.
        outputs: by the model's role, e.g. 'candidate' and 'baseline'.
    """

    truths: Truths
    outputs: Mapping[str, ModelOutputs]

    def __len__(self) -> int:
        return len(self.truths)

    def in_order_of_keys(self) -> PredictionTable:
        """Returns the same rows in the order of their keys."""
        rows = np.argsort(self.truths.key, kind="stable")
        return PredictionTable(self.truths.take(rows), {role: each.take(rows) for role, each in self.outputs.items()})


def _groups_of(ages: np.ndarray) -> np.ndarray:
    """Returns the index into `AGE_GROUPS` of each age in years by the rule of `labels.age_group`, int [n]."""
    return np.searchsorted(AGE_GROUP_BOUNDARIES, np.rint(ages))


def bag(models: Sequence[ModelOutputs]) -> ModelOutputs:
    """Averages the outputs of several models for the same records (bagging; Breiman, Machine Learning 1996)."""
    return ModelOutputs(
        age=_mean(model.age for model in models),
        age_probabilities=_mean(model.age_probabilities for model in models),
        gender_probability=_mean(model.gender_probability for model in models),
    )


def _mean(outputs: Iterable[np.ndarray | None]) -> np.ndarray | None:
    found = [each for each in outputs if each is not None]
    return np.mean(found, axis=0) if found else None
