"""Measures a model as a check of legal ages: who under the age passes, and who of age is stopped.

A check passes people whose estimated age is at least a challenge age, which is the legal age or above it. A false
positive is a person below the legal age who passes; a false negative is a person at or above it who does not.

Source: NIST, Face analysis technology evaluation: age estimation and verification, IR 8525, 2024; ISO/IEC 27566-1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from visage.evaluation.predictions.table import ModelOutputs, Truths
from visage.evaluation.slices import Slice
from visage.evaluation.statistics.intervals import wilson_interval
from visage.evaluation.statistics.rates import Rate, fraction_of

LEGAL_AGES = (13, 16, 18, 21)
TARGETS = (0.05, 0.01)
# Years around the legal age whose people are counted year by year.
_YEARS_BELOW, _YEARS_ABOVE = 6, 12
_HIGHEST = 100


@dataclass(frozen=True)
class Challenge:
    """The smallest challenge age, or smallest probability, whose false positive rate is at most a target.

    Attributes:
        target: false positive rate, 0..1.
        threshold: years, or P(age >= legal age); None where no threshold meets the target.
        shown: whether the high end of the rate's interval meets the target as well.
        false_positives: of the people below the legal age.
        false_negatives: of the others.
        by_year: fraction that passes, by year of true age around the legal age.
        by_group: false positive rate by the name of the group.
    """

    target: float
    threshold: float | None
    shown: bool
    false_positives: Rate | None
    false_negatives: Rate | None
    by_year: Mapping[int, Rate]
    by_group: Mapping[str, Rate]


@dataclass(frozen=True)
class LegalAgeCheck:
    """A model as a check of one legal age.

    Attributes:
        legal_age: years.
        smallest_rate: the high end of the interval of a false positive rate of 0: no smaller rate can be shown by these
            records; None without a person below the legal age.
        at_legal_age: false positives where the challenge age is the legal age.
        by_age: from the estimated age, for each target.
        by_probability: from P(age >= legal age), for each target; empty of a model without a distribution of ages.
    """

    legal_age: int
    smallest_rate: float | None
    at_legal_age: Rate
    by_age: Sequence[Challenge]
    by_probability: Sequence[Challenge]


def check_legal_ages(
    truths: Truths, outputs: ModelOutputs, slices: Sequence[Slice], clusters: np.ndarray
) -> list[LegalAgeCheck]:
    """Measures a model as a check of each of `LEGAL_AGES`.

    Args:
        truths: labels of n records; those of unknown age are left out.
        outputs: of the model; nothing is measured of one that predicts no age, or groups.
        slices: groups of the records.
        clusters: number of each record's person, int [n].
    """
    if outputs.age is None or outputs.predicts_groups:
        return []
    known = ~np.isnan(truths.age)
    return [_check(legal_age, truths, outputs, slices, clusters, known) for legal_age in LEGAL_AGES]


def false_positive_rate(
    truths: Truths, outputs: ModelOutputs, clusters: np.ndarray, legal_age: int, challenge_age: int
) -> Rate | None:
    """Returns the fraction of the people below a legal age whose estimated age is at least a challenge age, in years.

    Returns: None of a model that predicts no age, or groups.
    """
    if outputs.age is None or outputs.predicts_groups:
        return None
    return _rate(~(outputs.age < challenge_age), truths.age < legal_age, clusters)


def _check(
    legal_age: int,
    truths: Truths,
    outputs: ModelOutputs,
    slices: Sequence[Slice],
    clusters: np.ndarray,
    known: np.ndarray,
) -> LegalAgeCheck:
    assert outputs.age is not None, "it predicts ages"
    below = known & (truths.age < legal_age)
    nobody = wilson_interval(np.zeros(below.sum()), clusters[below])
    # What is not a finite number passes nobody and stops nobody; it counts as passing, the worse of the two.
    age = np.where(np.isfinite(outputs.age), outputs.age, np.inf)
    years = [float(year) for year in range(legal_age, _HIGHEST + 1)]
    scores = {"age": (age, years)}
    if outputs.age_probabilities is not None:
        probability = outputs.age_probabilities[:, legal_age:].sum(axis=1)
        probability = np.where(np.isfinite(probability), probability, np.inf)
        scores["probability"] = (probability, [step / 100 for step in range(1, 100)])
    found = {
        name: [_challenge(target, score, thresholds, legal_age, truths, slices, clusters, known) for target in TARGETS]
        for name, (score, thresholds) in scores.items()
    }
    return LegalAgeCheck(
        legal_age=legal_age,
        smallest_rate=nobody.high if nobody else None,
        at_legal_age=_rate(age >= legal_age, below, clusters),
        by_age=found["age"],
        by_probability=found.get("probability", []),
    )


def _challenge(
    target: float,
    score: np.ndarray,
    thresholds: Sequence[float],
    legal_age: int,
    truths: Truths,
    slices: Sequence[Slice],
    clusters: np.ndarray,
    known: np.ndarray,
) -> Challenge:
    below = known & (truths.age < legal_age)
    of_below = score[below]
    threshold = next((each for each in thresholds if len(of_below) and np.mean(of_below >= each) <= target), None)
    if threshold is None:
        return Challenge(target, None, False, None, None, {}, {})
    passes = score >= threshold
    false_positives = _rate(passes, below, clusters)
    interval = false_positives.interval
    return Challenge(
        target=target,
        threshold=threshold,
        shown=interval is not None and interval.high <= target,
        false_positives=false_positives,
        false_negatives=_rate(~passes, known & ~below, clusters),
        by_year=dict(_by_year(passes, legal_age, truths.age, clusters)),
        by_group=dict(_by_group(passes, below, slices, clusters)),
    )


def _by_year(passes: np.ndarray, legal_age: int, age: np.ndarray, clusters: np.ndarray) -> Iterator[tuple[int, Rate]]:
    for year in range(max(0, legal_age - _YEARS_BELOW), legal_age + _YEARS_ABOVE + 1):
        of_year = np.floor(age) == year
        if of_year.any():
            yield year, _rate(passes, of_year, clusters)


def _by_group(
    passes: np.ndarray, below: np.ndarray, slices: Sequence[Slice], clusters: np.ndarray
) -> Iterator[tuple[str, Rate]]:
    for part in slices:
        # A group of one age says nothing about a rate over ages.
        if len(part.values) == 1 and "age_group" not in part.values:
            rows = part.rows[below[part.rows]]
            if len(rows):
                yield part.name, fraction_of(passes[rows], clusters[rows])


def _rate(passes: np.ndarray, counted: np.ndarray, clusters: np.ndarray) -> Rate:
    return fraction_of(passes[counted], clusters[counted])
