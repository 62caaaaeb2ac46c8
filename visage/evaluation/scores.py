"""How near predictions come to the truth, and how much that varies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from visage.data.labels import age_group
from visage.evaluation.predictions import Predictions

# Years; of the cumulative score CS@5.
_NEAR = 5.0
# Next to none of Adience's groups.
_NO_GROUP = 99


@dataclass(frozen=True)
class Scores:
    """How well test records are answered; None where no answer is given, no truth is known, or no number comes out.

    A prediction that is not a finite number is a wrong one; no mean error can be taken of it.

    Attributes:
        age_mae: mean absolute error of the age, years.
        age_cs5: share, 0..1, of the ages that are at most 5 years wrong (cumulative score).
        age_group_accuracy: share of right age groups, Adience's eight.
        age_group_one_off_accuracy: share of age groups that are right or next to the right one.
        gender_accuracy: share of right genders.
    """

    age_mae: float | None = None
    age_cs5: float | None = None
    age_group_accuracy: float | None = None
    age_group_one_off_accuracy: float | None = None
    gender_accuracy: float | None = None


@dataclass(frozen=True)
class Spread:
    """Scores of several folds: their mean, and their standard deviation (of a sample: n - 1), None of a single one."""

    mean: Scores
    deviation: Scores


def measure(predictions: Predictions) -> Scores:
    """The scores on all records whose truth is known, counted as the Evaluator counts them."""
    return Scores(*_age_scores(predictions), *_age_group_scores(predictions), _gender_accuracy(predictions))


def mean(scores: Sequence[Scores]) -> Scores:
    """Score by score, over those that have it."""
    return _each(statistics.fmean, scores, at_least=1)


def spread(scores: Sequence[Scores]) -> Spread:
    """Mean and standard deviation, score by score, over those that have it."""
    return Spread(mean(scores), _each(statistics.stdev, scores, at_least=2))


def _age_scores(predictions: Predictions) -> tuple[float | None, float | None]:
    known = ~np.isnan(predictions.true_age)
    if predictions.age is None or not known.any():
        return None, None
    errors = np.abs(predictions.age - predictions.true_age)[known]
    mae = float(errors.mean())
    return mae if math.isfinite(mae) else None, float((errors <= _NEAR).mean())


def _age_group_scores(predictions: Predictions) -> tuple[float | None, float | None]:
    known = predictions.true_age_group >= 0
    if not known.any():
        return None, None
    if predictions.age_group_probabilities is not None:
        is_number = np.isfinite(predictions.age_group_probabilities).all(axis=1)
        said = np.where(is_number, predictions.age_group_probabilities.argmax(axis=1), _NO_GROUP)
    elif predictions.age is not None:
        said = np.array([age_group(age) if np.isfinite(age) else _NO_GROUP for age in predictions.age])
    else:
        return None, None
    away = np.abs(said - predictions.true_age_group)[known]
    return float((away == 0).mean()), float((away <= 1).mean())


def _gender_accuracy(predictions: Predictions) -> float | None:
    known = predictions.true_gender >= 0
    if predictions.gender_probability is None or not known.any():
        return None
    said = predictions.gender_probability > 0.5
    right = np.isfinite(predictions.gender_probability) & (said == predictions.true_gender)
    return float(right[known].mean())


def _each(combine: Callable[[list[float]], float], scores: Sequence[Scores], at_least: int) -> Scores:
    combined = {}
    for field in fields(Scores):
        values = [value for one in scores if (value := getattr(one, field.name)) is not None]
        combined[field.name] = combine(values) if len(values) >= at_least else None
    return Scores(**combined)
