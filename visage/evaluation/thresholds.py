"""Measures a model as a check of legal ages: who under the age passes, and who of age is stopped.

A check passes people whose estimated age is at least a challenge age, which is the legal age or above it. A false
positive is a person below the legal age who passes; a false negative is a person at or above it who does not.

The smallest challenge age that meets a target on some people does better on these than on others, because it was chosen
on them. So each person below the legal age is rated by the challenge age that the people of the other folds choose
(cross-fitting). For the safe challenge age, the steps go from the highest challenge age down, and end at the first at
which the high end of the rate's interval exceeds the target; the age before it is safe. The true rate grows with each
step down. So the chance that the true rate at the safe age exceeds the target is at most that of one high end, 2.5 %,
however many ages are tried (fixed sequence test). The high end is never lower than that of no false positive
(`LegalAgeCheck.smallest_rate`): where this exceeds the target, the first step ends the walk, and no age is safe.

Source: NIST, Face analysis technology evaluation: age estimation and verification, IR 8525, 2024; ISO/IEC 27566-1.
Cross-fitting: Stone, Cross-validatory choice and assessment of statistical predictions, JRSS B 1974. Fixed sequence:
Maurer, Hothorn and Lehmacher, Multiple comparisons in drug clinical trials and preclinical assays, 1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from visage.evaluation.predictions.table import ModelOutputs, Truths
from visage.evaluation.slices import Slice
from visage.evaluation.statistics.intervals import wilson_interval
from visage.evaluation.statistics.rates import Rate, fraction_of

LEGAL_AGES = (13, 16, 18, 21)
TARGETS = (0.05, 0.01)
# Of people, for the choice of a threshold and the rate of this choice.
FOLDS = 10
_SEED = 20130423
# Years around the legal age whose people are counted year by year.
_YEARS_BELOW, _YEARS_ABOVE = 6, 12
_HIGHEST = 100


@dataclass(frozen=True)
class Challenge:
    """The smallest challenge age, or smallest probability, whose false positive rate is at most a target.

    Attributes:
        target: false positive rate, 0..1.
        threshold: years, or P(age >= legal age), chosen on all records; None where no threshold meets the target.
        safe_threshold: the smallest at which, and at all higher ones, the high end of the rate's interval is at most
            the target; None where there are too few people to show that of any.
        false_positives: of the people below the legal age, each at the threshold that the other folds choose; None
            where these choose none.
        false_negatives: of the others, at `threshold`.
        by_year: fraction that passes, by year of true age around the legal age; below it at the folds' thresholds.
        false_positives_by_group: the same rate by the name of the group.
        false_negatives_by_group: the same.
    """

    target: float
    threshold: float | None
    safe_threshold: float | None
    false_positives: Rate | None
    false_negatives: Rate | None
    by_year: Mapping[int, Rate]
    false_positives_by_group: Mapping[str, Rate]
    false_negatives_by_group: Mapping[str, Rate]


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
    return [_check(_Records(legal_age, truths.age, slices, clusters), outputs) for legal_age in LEGAL_AGES]


def false_positive_rate(
    truths: Truths, outputs: ModelOutputs, clusters: np.ndarray, legal_age: int, challenge_age: int
) -> Rate | None:
    """Returns the fraction of the people below a legal age whose estimated age is at least a challenge age, in years.

    Returns: None of a model that predicts no age, or groups.
    """
    if outputs.age is None or outputs.predicts_groups:
        return None
    below = truths.age < legal_age
    return fraction_of(~(outputs.age[below] < challenge_age), clusters[below])


@dataclass(frozen=True, eq=False)
class _Records:
    """The records of a check: their true ages, float [n], groups, and people, int [n]."""

    legal_age: int
    age: np.ndarray
    slices: Sequence[Slice]
    clusters: np.ndarray

    @cached_property
    def below(self) -> np.ndarray:
        """Returns which records are known to be below the legal age, bool [n]."""
        return self.age < self.legal_age

    @cached_property
    def of_age(self) -> np.ndarray:
        """Returns which records are known to be at or above it, bool [n]."""
        return self.age >= self.legal_age

    @cached_property
    def fold(self) -> np.ndarray:
        """Returns the fold of each record below the legal age, int [m]; a person is in one fold."""
        names, person = np.unique(self.clusters[self.below], return_inverse=True)
        of_person = np.random.default_rng(_SEED).permutation(len(names)) % FOLDS
        return of_person[person.reshape(-1)]

    def rate(self, hits: np.ndarray, counted: np.ndarray) -> Rate:
        return fraction_of(hits[counted], self.clusters[counted])

    def rates_by_group(self, hits: np.ndarray, counted: np.ndarray) -> dict[str, Rate]:
        """Returns the fraction of hits among the counted records of each group, by its name."""
        # A group of one age says nothing about a rate over ages.
        groups = [part for part in self.slices if len(part.values) == 1 and "age_group" not in part.values]
        rows = {part.name: part.rows[counted[part.rows]] for part in groups}
        return {name: self.rate(hits, of_group) for name, of_group in rows.items() if len(of_group)}


def _check(records: _Records, outputs: ModelOutputs) -> LegalAgeCheck:
    assert outputs.age is not None, "it predicts ages"
    nobody = wilson_interval(np.zeros(records.below.sum()), records.clusters[records.below])
    # What is not a finite number passes nobody and stops nobody; it counts as passing, the worse of the two.
    age = np.where(np.isfinite(outputs.age), outputs.age, np.inf)
    years = np.arange(records.legal_age, _HIGHEST + 1.0)
    by_probability = []
    if outputs.age_probabilities is not None:
        probability = outputs.age_probabilities[:, records.legal_age :].sum(axis=1)
        probability = np.where(np.isfinite(probability), probability, np.inf)
        by_probability = [_challenge(target, probability, np.arange(1, 100) / 100, records) for target in TARGETS]
    return LegalAgeCheck(
        legal_age=records.legal_age,
        smallest_rate=nobody.high if nobody else None,
        at_legal_age=records.rate(age >= records.legal_age, records.below),
        by_age=[_challenge(target, age, years, records) for target in TARGETS],
        by_probability=by_probability,
    )


def _challenge(target: float, score: np.ndarray, thresholds: np.ndarray, records: _Records) -> Challenge:
    # In one type: 0.9 of 32 bits is below 0.9 of 64 bits.
    score = score.astype(float)
    thresholds = thresholds.astype(np.float32).astype(float)
    threshold = _smallest(target, score[records.below], thresholds)
    if threshold is None:
        return Challenge(target, None, None, None, None, {}, {}, {})
    passes = score >= threshold
    crossed = _cross_fitted(target, score[records.below], thresholds, records.fold)
    if crossed is not None:
        passes[records.below] = crossed
    return Challenge(
        target=target,
        threshold=round(threshold, 2),
        safe_threshold=_safe(target, score, thresholds[thresholds >= threshold], records),
        false_positives=records.rate(passes, records.below) if crossed is not None else None,
        false_negatives=records.rate(~passes, records.of_age),
        by_year=dict(_by_year(passes, records)) if crossed is not None else {},
        false_positives_by_group=records.rates_by_group(passes, records.below) if crossed is not None else {},
        false_negatives_by_group=records.rates_by_group(~passes, records.of_age),
    )


def _smallest(target: float, score: np.ndarray, thresholds: np.ndarray) -> float | None:
    """Returns the smallest threshold that at most `target` of the scores reach; None without one, or a score."""
    reached = len(score) - np.searchsorted(np.sort(score), thresholds, side="left")
    met = np.flatnonzero(reached / max(1, len(score)) <= target)
    return float(thresholds[met[0]]) if len(met) and len(score) else None


def _cross_fitted(target: float, score: np.ndarray, thresholds: np.ndarray, fold: np.ndarray) -> np.ndarray | None:
    """Returns which scores reach the threshold that the other folds choose, bool [m]; None where these choose none."""
    passes = np.zeros(len(score), bool)
    for number in np.unique(fold):
        held_out = fold == number
        threshold = _smallest(target, score[~held_out], thresholds)
        if threshold is None:
            return None
        passes[held_out] = score[held_out] >= threshold
    return passes


def _safe(target: float, score: np.ndarray, thresholds: np.ndarray, records: _Records) -> float | None:
    """Returns the last threshold, from the highest down, before the high end of a rate's interval exceeds the target.

    Returns: None where that of the highest does.
    """
    of_below, people = score[records.below], records.clusters[records.below]
    safe = None
    for threshold in thresholds[::-1]:
        interval = wilson_interval((of_below >= threshold).astype(float), people)
        if interval is None or interval.high > target:
            break
        safe = round(float(threshold), 2)
    return safe


def _by_year(passes: np.ndarray, records: _Records) -> Iterator[tuple[int, Rate]]:
    for year in range(max(0, records.legal_age - _YEARS_BELOW), records.legal_age + _YEARS_ABOVE + 1):
        of_year = np.floor(records.age) == year
        if of_year.any():
            yield year, records.rate(passes, of_year)
