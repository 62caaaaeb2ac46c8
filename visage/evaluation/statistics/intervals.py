"""Computes confidence intervals over identities: by the bootstrap, and for fractions after Wilson.

Images of one person are alike, so the independent unit is the person. Where nobody is named, each image counts as a
person of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from visage import progress
from visage.data.labels import UNKNOWN

REPLICATES = 1000
# Of large tables: their intervals need fewer, and a million rows would take an hour.
_FEWEST_REPLICATES = 300
# Replicates times records, above which there are fewer replicates.
_MOST_WEIGHTS = 100_000_000
CONFIDENCE = 0.95
# Of a bootstrap interval: with 3 people 75 % of those of a mean hold the truth, with 5 people 91 %.
LEAST_PEOPLE = 10
# That the largest design effect of a fraction counts as, beside the people who show hits.
_PEOPLE_OF_PRIOR = 2
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


def replicates_of(records: int) -> int:
    """Returns the number of bootstrap replicates for so many records: 1000, of more than 100,000 fewer, at least 300.

    The ends of an interval from 300 replicates differ from those of 1000 by a few hundredths of its width.
    """
    return min(REPLICATES, max(_FEWEST_REPLICATES, _MOST_WEIGHTS // max(1, records)))


def bootstrap_weights(
    clusters: np.ndarray, replicates: int = REPLICATES, seed: int = _SEED, step: str = "bootstrap"
) -> Iterator[np.ndarray]:
    """Draws people with replacement, and yields how often each record was drawn.

    Args:
        clusters: number of each record's person, int [n].
        replicates: number of draws.
        seed: the same seed draws the same.
        step: what the progress is reported as, where the draws are so many that they are yielded in several parts.

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
        if at_once < replicates:
            progress.report(step, start + rows, replicates)


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


def unanimous_limit(people: int, confidence: float = CONFIDENCE) -> float:
    """Returns how far from the truth a fraction can be of which all people are hits, or none, 0..1.

    It is the quantile of the distances of `unanimous_deviations`: 1 - (1 - confidence)^(1 / people).
    """
    return float(1 - (1 - confidence) ** (1 / people))


def standard_error(replicates: np.ndarray, people: int) -> float:
    """Returns the standard error of a figure from its bootstrap replicates; NaN for fewer than two people."""
    defined = replicates[np.isfinite(replicates)]
    if people < 2 or len(defined) < 2:
        return float("nan")
    return float(np.std(defined, ddof=1) * np.sqrt(people / (people - 1)))


def wilson_interval(hits: np.ndarray, clusters: np.ndarray, confidence: float = CONFIDENCE) -> Interval | None:
    """Returns the Wilson score interval of a fraction, with the effective number of records.

    The effective number is n over the design effect: the variance of the fraction over people, divided by that of n
    independent records. Few people with a hit, or few with a miss, show too little to estimate it. So it is blended
    with the largest one, the mean number of records of a person: of k people with a hit (or with a miss, if fewer) the
    estimate has the weight k / (k + `_PEOPLE_OF_PRIOR`). Where all records are hits, or none, the effective number is
    that of people.

    If people have equally many records, neither end falls when a hit is added. The high end is the highest of those of
    all subsets of the hits, the low end the lowest of those of all subsets of the misses.

    Args:
        hits: 1 or 0, float [n].
        clusters: number of each record's person, int [n].
        confidence: 0..1.

    Returns:
        The interval; None without a record.

    Source: Wilson, Probable inference, JASA 1927; Korn and Graubard, Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data, Survey Methodology 1998, for the effective number.
    The blend and the subsets are this project's; docs/runs/evaluation/simulations.txt has what they hold.
    """
    if not len(hits):
        return None
    _, place, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    of_people = np.bincount(place.reshape(-1), hits)
    return Interval(1 - _high_end(sizes - of_people, sizes, confidence), _high_end(of_people, sizes, confidence))


def _high_end(hits: np.ndarray, sizes: np.ndarray, confidence: float) -> float:
    """Returns the high end of Wilson's interval from the hits and records of each person, float and int [people]."""
    people, records = len(sizes), int(sizes.sum())
    normal = float(stats.norm.ppf((1 + confidence) / 2))
    if people == records:
        return float(_wilson_high(hits.sum() / records, records, normal))
    student = float(stats.t.ppf((1 + confidence) / 2, people - 1)) if people > 1 else normal
    counts, design_effect = _design_effects(hits, sizes)
    number = np.maximum(1.0, records / design_effect)
    varies = (counts > 0) & (counts < records)
    return float(_wilson_high(counts / records, number, np.where(varies, student, normal)).max())


def _wilson_high(fraction: float | np.ndarray, number: float | np.ndarray, quantile: float | np.ndarray) -> np.ndarray:
    """Returns the high end of Wilson's interval, 0..1, of a fraction of so many independent records."""
    middle = fraction + quantile**2 / (2 * number)
    half = quantile * np.sqrt(fraction * (1 - fraction) / number + quantile**2 / (4 * number**2))
    return np.minimum(1.0, (middle + half) / (1 + quantile**2 / number))


def _design_effects(hits: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers of hits 0 to h, and the design effect of the subset of the h hits that has so many.

    Of all subsets of a number, the one in the fewest people has the largest design effect: the people with the most
    hits are taken first.

    Args:
        hits: of each person, float [people].
        sizes: records of each person, int [people].

    Returns:
        Two float [h + 1].
    """
    order = np.lexsort((sizes, -hits))
    order = order[hits[order] > 0]
    hits, sizes_of_hit = hits[order], sizes[order]
    people, records = len(sizes), int(sizes.sum())
    counts = np.arange(hits.sum() + 1)
    # Before each person: sums over the people whose hits are all taken.
    sums = np.stack([hits, hits**2, hits * sizes_of_hit, hits == sizes_of_hit])
    before = np.concatenate([np.zeros((4, 1)), np.cumsum(sums, axis=1)], axis=1)
    whole = np.searchsorted(before[0], counts, side="right") - 1
    taken, squares, products, all_hits = before[:, whole]
    part = counts - taken
    squares, products = squares + part**2, products + part * np.append(sizes_of_hit, 0)[whole]

    fraction = counts / records
    residuals = squares - 2 * fraction * products + fraction**2 * float((sizes.astype(float) ** 2).sum())
    independent = fraction * (1 - fraction) * records
    with np.errstate(divide="ignore", invalid="ignore"):
        estimated = people / max(1, people - 1) * residuals / independent
    largest = records / people
    known_of = np.minimum(whole + (part > 0), people - all_hits)
    weight = known_of / (known_of + _PEOPLE_OF_PRIOR)
    # Never below 1: the estimate of a few people may be too small by chance, or 0.
    blended = np.maximum(1.0, np.maximum(estimated, weight * estimated + (1 - weight) * largest))
    return counts, np.where((independent > 0) & (people > 1), blended, largest)


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
