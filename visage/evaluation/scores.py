"""Measures the error of predictions, and its spread over folds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from visage.evaluation.metrics.score import score
from visage.evaluation.metrics.spec import Scores
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable


@dataclass(frozen=True)
class Spread:
    """The scores of several folds: mean and sample standard deviation (n - 1), None for a single fold."""

    mean: Scores
    deviation: Scores


def measure(table: PredictionTable) -> Scores:
    """Returns the metrics of a cross-validation of the candidate, over all records whose truth is known."""
    return score("cross_validation", table.truths.by_target(), table.outputs[CANDIDATE].by_target())


def mean(scores: Sequence[Scores]) -> Scores:
    """Returns the mean of each metric, over the scores that have it."""
    return _each(statistics.fmean, scores, at_least=1)


def spread(scores: Sequence[Scores]) -> Spread:
    """Returns mean and standard deviation of each metric, over the scores that have it."""
    return Spread(mean(scores), _each(statistics.stdev, scores, at_least=2))


def _each(combine: Callable[[list[float]], float], scores: Sequence[Scores], at_least: int) -> Scores:
    combined: Scores = {}
    for name in dict.fromkeys(name for one in scores for name in one):
        values = [value for one in scores if (value := one.get(name)) is not None]
        combined[name] = combine(values) if len(values) >= at_least else None
    return combined
