"""Computes the span of ages that holds most of a predicted distribution."""

from collections.abc import Sequence

import numpy as np

from visage.data.labels import AGE_GROUPS

AGE_SPAN = 0.8
"""The fraction of a distribution that pages and tables show as its span."""


def age_span(probabilities: Sequence[float], fraction: float = AGE_SPAN) -> tuple[int, int]:
    """Returns the first and last year of the span that leaves (1 - fraction) / 2 of the distribution on each side.

    Args:
        probabilities: 101, for the ages 0 to 100, or 8, for Adience's groups; they add up to 1.
        fraction: 0..1, the least that the span holds.

    Returns:
        Whole years, inclusive; of groups, the first year of the youngest and the last year of the oldest one.

    >>> age_span([0.0] * 30 + [0.05, 0.1, 0.7, 0.1, 0.05] + [0.0] * 66)
    (31, 33)
    >>> age_span([0.0, 0.0, 0.05, 0.25, 0.6, 0.1, 0.0, 0.0])
    (15, 32)
    """
    # Rounded, because sums of float32 values miss a tail by less than that.
    tail = round((1 - fraction) / 2, 6)
    below = np.round(np.cumsum(np.asarray(probabilities, np.float64)), 6)
    last_index = len(probabilities) - 1
    low = min(int(np.searchsorted(below, tail, side="right")), last_index)
    high = min(int(np.searchsorted(below, round(1 - tail, 6), side="left")), last_index)
    if len(probabilities) != len(AGE_GROUPS):
        return low, high
    return int(AGE_GROUPS[low].split("-")[0]), int(AGE_GROUPS[high].split("-")[1])
