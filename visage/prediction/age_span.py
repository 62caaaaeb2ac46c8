"""Computes the span of ages that holds most of a predicted distribution."""

from collections.abc import Sequence

import numpy as np

from visage.data.labels import AGE_GROUPS

AGE_SPAN = 0.8
"""The fraction of a distribution that pages and tables show as its span."""

# Sums of float32 values miss a tail by less than this.
_ROUNDING = 5e-7
# First and last year of each group.
_GROUP_ENDS = np.array([group.split("-") for group in AGE_GROUPS], int)


def age_span(probabilities: Sequence[float], fraction: float = AGE_SPAN) -> tuple[int, int]:
    """Returns the span of one distribution, as `age_spans` does.

    >>> age_span([0.0] * 30 + [0.05, 0.1, 0.7, 0.1, 0.05] + [0.0] * 66)
    (31, 33)
    >>> age_span([0.0, 0.0, 0.05, 0.25, 0.6, 0.1, 0.0, 0.0])
    (15, 32)
    """
    low, high = age_spans(np.asarray(probabilities)[None], fraction)[0].tolist()
    return low, high


def age_spans(probabilities: np.ndarray, fraction: float = AGE_SPAN) -> np.ndarray:
    """Returns the first and last year of the spans that leave (1 - fraction) / 2 of a distribution on each side.

    Args:
        probabilities: float [n, 101] for the ages 0 to 100, or [n, 8] for Adience's groups; each row adds up to 1.
        fraction: 0..1, the least that a span holds.

    Returns:
        Whole years, inclusive, int [n, 2]; of groups, the first year of the youngest and the last year of the oldest
        one. A row with NaN has no meaningful span.
    """
    tail = (1 - fraction) / 2
    below = np.cumsum(probabilities, axis=1, dtype=np.float64)
    before_low = np.count_nonzero(below <= tail + _ROUNDING, axis=1)
    before_high = np.count_nonzero(below < 1 - tail - _ROUNDING, axis=1)
    indices = np.minimum(np.stack([before_low, before_high], axis=1), probabilities.shape[1] - 1)
    if probabilities.shape[1] != len(AGE_GROUPS):
        return indices
    return np.stack([_GROUP_ENDS[indices[:, 0], 0], _GROUP_ENDS[indices[:, 1], 1]], axis=1)
