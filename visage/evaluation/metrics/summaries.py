"""Summarizes values of records under weights: one number for each row of weights.

The summaries that have replicates take

    values: float [n] or [n, k], from `record_values`.
    weight: float [r, n], 0 or more: how often each record counts. One row of ones gives the figure itself, rows of a
        bootstrap its replicates, rows that weigh strata a standardized figure.

and return float [r], NaN where the figure is undefined: no weight, or a value that is not a finite number.
`expected_calibration_error` takes people instead of weights, and returns one figure.
NumPy is imported where it is used, for settings modules read the table of metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Summary = Callable[[np.ndarray, np.ndarray], np.ndarray]
    SummaryOfPeople = Callable[[np.ndarray, np.ndarray], float]

ECE_BINS = 15
# Records of a sum.
_BLOCK = 1 << 12


def mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the weighted mean of values [n], or of each column of values [n, k], then [r, k]."""
    total = weight.sum(axis=1)
    return _ratio(_weighted_sum(values, weight), total if values.ndim == 1 else total[:, None])


def root_mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the square root of the weighted mean of values [n]."""
    return mean(values, weight) ** 0.5


def ratio_of_sums(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the weighted sum of the first column of values [n, 2] over that of the second."""
    return _ratio(*_weighted_sum(values, weight).T)


def quantile(level: float) -> Summary:
    """Returns the function of the weighted quantile: the least of values [n] with `level` of the weight up to it."""

    def of_values(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        import numpy as np

        if not np.isfinite(values).all():
            return np.full(len(weight), np.nan)
        order = np.argsort(values, kind="stable")
        up_to = np.cumsum(weight[:, order], axis=1)
        # The smallest weight forgives the rounding of the sums.
        place = (up_to >= level * up_to[:, -1:] - 1e-9).argmax(axis=1)
        return np.where(up_to[:, -1] > 0, values[order][place], np.nan)

    return of_values


def roc_auc(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the area under the ROC curve, 0..1: the probability that a positive record ranks above a negative one.

    Ties count by half.

    Args:
        values: [n, 2]: class, 0 or 1, and prediction.
        weight: [r, n].

    Returns:
        The area; NaN where all records are of one class, or a prediction is not a finite number and has no rank.

    Source: Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.

    >>> import numpy as np
    >>> roc_auc(np.array([[0, 0.1], [0, 0.4], [1, 0.35], [1, 0.8]]), np.ones((1, 4)))
    array([0.75])
    """
    import numpy as np

    positive, predicted = values[:, 0] == 1, values[:, 1]
    if not np.isfinite(predicted).all():
        return np.full(len(weight), np.nan)
    order = np.argsort(predicted, kind="stable")
    _, starts = np.unique(predicted[order], return_index=True)
    positives, negatives = weight[:, order] * positive[order], weight[:, order] * ~positive[order]
    if len(starts) < len(order):  # else nothing is tied, and the sums would only cost time
        positives, negatives = (np.add.reduceat(each, starts, axis=1) for each in (positives, negatives))
    below = np.cumsum(negatives, axis=1) - negatives / 2
    return _ratio((positives * below).sum(axis=1), positives.sum(axis=1) * negatives.sum(axis=1))


def expected_calibration_error(values: np.ndarray, clusters: np.ndarray) -> float:
    """Returns the debiased expected calibration error, 0..1, of P(male) in 15 bins of equally many records.

    ECE^2 = sum over bins b of n_b / n (d_b^2 - v_b), negative sums are 0. d_b is the mean of class - P(male) over the
    n_b records of the bin; v_b is its variance over the m_b people whom these records show, none where m_b is 1:

        v_b = m_b / (m_b - 1) * sum over people of (sum of (class - P(male) - d_b) over the person's records)^2 / n_b^2

    Without v_b a perfectly calibrated model has an error that grows as bins get smaller. The variance over records
    instead of people is too small, because images of one person share a class.

    Args:
        values: [n, 2]: class, 0 or 1, and P(male).
        clusters: number of each record's person, int [n].

    Returns:
        The error; NaN without a record, or where a value is not a finite number.

    Source: Kumar, Liang and Ma, Verified uncertainty calibration, NeurIPS 2019, for the debiased error; Cochran,
    Sampling techniques, 1977, section 9A, for the variance of a mean over clusters.
    """
    import numpy as np

    if not np.isfinite(values).all() or not len(values):
        return float("nan")
    order = np.argsort(values[:, 1], kind="stable")
    predicted, clusters = values[order, 1], clusters[order]
    starts = np.linspace(0, len(order), min(ECE_BINS, len(order)), endpoint=False).astype(int)
    # Equal predictions share a bin: their order would else decide the bins of their classes.
    starts = np.unique(np.searchsorted(predicted, predicted[starts]))[1:]
    bins = zip(np.split(values[order, 0] - predicted, starts), np.split(clusters, starts), strict=True)
    squares = sum(len(error) * _debiased_square(error, people) for error, people in bins)
    return float(max(squares / len(order), 0.0) ** 0.5)


def _debiased_square(error: np.ndarray, clusters: np.ndarray) -> float:
    """Returns the squared mean of the errors of records, float [n], less its variance over their people."""
    import numpy as np

    middle = error.mean()
    _, place = np.unique(clusters, return_inverse=True)
    residuals = np.bincount(place.reshape(-1), error - middle)
    people = len(residuals)
    variance = people / (people - 1) * float((residuals**2).sum()) / len(error) ** 2 if people > 1 else 0.0
    return float(middle**2 - variance)


def _weighted_sum(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns the weighted sums of values [n] or [n, k], float64 [r] or [r, k]."""
    import numpy as np

    total = np.zeros((len(weight), *values.shape[1:]))
    # A sum of a million numbers of 32 bits is wrong in the fifth digit; sums of a block are not.
    for start in range(0, len(values), _BLOCK):
        total += weight[:, start : start + _BLOCK] @ values[start : start + _BLOCK]
    return total


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
