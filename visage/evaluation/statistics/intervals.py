"""Computes confidence intervals over identities: by the bootstrap, and for fractions after Wilson.

Images of one person are alike, so the independent unit is the person. Where nobody is named, each image counts as a
person of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from visage.data.labels import UNKNOWN

REPLICATES = 1000
CONFIDENCE = 0.95
# Of a bootstrap interval: with 3 people 75 % of those of a mean hold the truth, with 5 people 91 %.
LEAST_PEOPLE = 10
_SEED = 20130423
# Weights in memory at once: replicates times records.
_CHUNK = 1 << 23


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `low` and `high` in the unit of the figure."""

    low: float
    high: float


def clusters_of(identity: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Returns the number of the person of each record, int [n], from 0; a record of unknown identity is alone.

    Args:
        identity: string [n].
        key: string [n], unique.
    """
    alone = identity == UNKNOWN
    names, person = np.unique(identity, return_inverse=True)
    person = person.reshape(-1)
    # Behind the names, for a key may be the name of somebody.
    person[alone] = len(names) + np.unique(key[alone], return_inverse=True)[1].reshape(-1)
    return np.unique(person, return_inverse=True)[1].reshape(-1)


def bootstrap_weights(clusters: np.ndarray, replicates: int = REPLICATES, seed: int = _SEED) -> Iterator[np.ndarray]:
    """Draws people with replacement, and yields how often each record was drawn.

    Args:
        clusters: number of each record's person, int [n].
        replicates: number of draws.
        seed: the same seed draws the same.

    Yields:
        float32 [r, n]; the r add up to `replicates`, so that memory stays bounded.

    Source: Davison and Hinkley, Bootstrap methods and their application, 1997, section 3.8.
    """
    people = int(clusters.max()) + 1 if len(clusters) else 0
    rng = np.random.default_rng(seed)
    at_once = max(1, min(replicates, _CHUNK // max(1, len(clusters))))
    for start in range(0, replicates, at_once):
        rows = min(at_once, replicates - start)
        weight = np.empty((rows, len(clusters)), np.float32)
        for of_draw in weight:
            drawn = np.bincount(rng.integers(0, people, people, dtype=np.int64), minlength=people)
            np.take(drawn.astype(np.float32), clusters, out=of_draw)
        yield weight


def percentile_interval(replicates: np.ndarray, people: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Returns the expanded percentile interval of bootstrap replicates.

    The plain percentile interval is too narrow for few people, as it lacks both Student's t and n/(n - 1).

    Args:
        replicates: float [r]; NaN where undefined.
        people: number of people that they are drawn from.
        confidence: 0..1.

    Returns:
        The interval; None for fewer than `LEAST_PEOPLE`, or where a tenth of the replicates is undefined.

    Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015.
    """
    defined = replicates[np.isfinite(replicates)]
    if people < LEAST_PEOPLE or len(defined) < 0.9 * len(replicates) or not len(defined):
        return None
    tail = stats.norm.cdf(np.sqrt(people / (people - 1)) * stats.t.ppf((1 - confidence) / 2, people - 1))
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high))


def unanimous_deviations(people: int, replicates: int, seed: int) -> np.ndarray:
    """Draws by how much a fraction may be wrong of which all records are hits, or none: its bootstrap never varies.

    The distance between such a fraction and the true one has the confidence distribution Beta(1, people), whose
    quantiles are Clopper's and Pearson's one-sided limits: at 95 %, about 3 / people. The sign is drawn, so that an
    interval from the deviations has the figure in its middle.

    Args:
        people: number of people that the records show.
        replicates: number of draws.
        seed: the same seed draws the same.

    Returns:
        float [r], -1..1.

    Source: Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 1934; Xie and Singh, Confidence
    distribution, International Statistical Review 2013.
    """
    rng = np.random.default_rng((_SEED, seed))
    return rng.beta(1, people, replicates) * rng.choice([-1.0, 1.0], replicates)


def standard_error(replicates: np.ndarray, people: int) -> float:
    """Returns the standard error of a figure from its bootstrap replicates; NaN for fewer than two people."""
    defined = replicates[np.isfinite(replicates)]
    if people < 2 or len(defined) < 2:
        return float("nan")
    return float(np.std(defined, ddof=1) * np.sqrt(people / (people - 1)))


def wilson_interval(hits: np.ndarray, clusters: np.ndarray, confidence: float = CONFIDENCE) -> Interval | None:
    """Returns the Wilson score interval of a fraction, with the effective number of records.

    The effective number is n over the design effect: the variance of the fraction over people, divided by that of n
    independent records. Where all records are hits, or none, that cannot be estimated, and it is the number of people.

    Args:
        hits: 1 or 0, float [n].
        clusters: number of each record's person, int [n].
        confidence: 0..1.

    Returns:
        The interval; None without a record.

    Source: Wilson, Probable inference, JASA 1927; Korn and Graubard, Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data, Survey Methodology 1998.
    """
    if not len(hits):
        return None
    fraction = float(hits.mean())
    number, t = _effective(hits, clusters, fraction, confidence)
    middle = (fraction + t**2 / (2 * number)) / (1 + t**2 / number)
    half = t / (1 + t**2 / number) * np.sqrt(fraction * (1 - fraction) / number + t**2 / (4 * number**2))
    return Interval(max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def _effective(hits: np.ndarray, clusters: np.ndarray, fraction: float, confidence: float) -> tuple[float, float]:
    """Returns the effective number of records and the quantile of the distribution of the fraction."""
    z = float(stats.norm.ppf((1 + confidence) / 2))
    _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    people = len(sizes)
    if people == len(hits):
        return float(people), z
    independent = fraction * (1 - fraction) / len(hits)
    if people < 2 or independent == 0:
        return float(people), z
    residuals = np.bincount(place.reshape(-1), hits - fraction)
    variance = people / (people - 1) * float((residuals**2).sum()) / len(hits) ** 2
    # Never more than the records: the estimate of a few people may be too small by chance, or 0.
    design_effect = max(1.0, variance / independent)
    return max(1.0, len(hits) / design_effect), float(stats.t.ppf((1 + confidence) / 2, people - 1))


def mean_interval(values: np.ndarray, clusters: np.ndarray, confidence: float = CONFIDENCE) -> Interval | None:
    """Returns the interval of a mean, from the variance over people and Student's t.

    Args:
        values: float [n], finite.
        clusters: number of each record's person, int [n].
        confidence: 0..1.

    Returns:
        The interval; None for fewer than two people.

    Source: Cochran, Sampling techniques, 1977, section 9A (ratio estimate of a cluster sample).
    """
    _, place = np.unique(clusters, return_inverse=True)
    people = int(place.max()) + 1 if len(values) else 0
    if people < 2:
        return None
    residuals = np.bincount(place.reshape(-1), values - values.mean())
    error = np.sqrt(people / (people - 1) * float((residuals**2).sum())) / len(values)
    half = float(stats.t.ppf((1 + confidence) / 2, people - 1)) * error
    return Interval(float(values.mean() - half), float(values.mean() + half))
