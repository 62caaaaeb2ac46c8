"""Computes what a metric takes from each record: an error, a hit, a loss.

Every function takes two arrays and returns float [n], or [n, k] where its summary needs several numbers a record:

    y_true: true values. Age: years, float [n]. Age group: index into `AGE_GROUPS`, [n]. Gender: index into `GENDERS`,
        0 female, 1 male, [n]. Age interval: lowest and highest age in years, float [n, 2]. Apparent age: mean and
        standard deviation of people's guesses in years, float [n, 2].
    y_pred: predicted values. Age, age interval and apparent age: years, float [n]. Age distribution: P(age = i), float
        [n, 101], rows sum to 1. Age group: index, float [n]. Gender: P(male), float [n]. NaN where the model gave no
        finite number; infinite ages and probabilities may occur.

A prediction that is not a finite number counts as wrong; an error of it is NaN or infinite.
NumPy is imported where it is used, because settings modules read the table of metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    RecordValues = Callable[[np.ndarray, np.ndarray], np.ndarray]


# Records at once: the temporary arrays [n, 101] of a distribution of ages take 13 MB each.
_BLOCK = 1 << 14


def by_blocks(values: RecordValues, y_true: np.ndarray, y_pred: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns the values of some records, computed block by block so that memory stays bounded.

    Args:
        values: a function of this module.
        y_true: of all records.
        y_pred: of all records.
        rows: indices of m records, int [m].

    Returns:
        float32 [m] or [m, k].
    """
    import numpy as np

    starts = range(0, max(1, len(rows)), _BLOCK)
    blocks = (rows[start : start + _BLOCK] for start in starts)
    return np.concatenate([values(y_true[block], y_pred[block]).astype(np.float32) for block in blocks])


def absolute_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns |y_pred - y_true|, years."""
    return abs(y_pred - y_true)


def signed_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns y_pred - y_true, years; above 0 the person is estimated too old."""
    return y_pred - y_true


def squared_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns (y_pred - y_true)^2; of an age, square years; of P(male), the term of the Brier score.

    Source: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 1950.
    """
    return (y_pred - y_true) ** 2


def within(tolerance: float) -> RecordValues:
    """Returns the function of |y_pred - y_true| <= tolerance, 1 or 0: years of an age, groups of an age group."""

    def is_within(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return (abs(y_pred - y_true) <= tolerance) + 0.0

    return is_within


def within_interval(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns whether y_pred, rounded to a whole year, is one of the years of the interval y_true [n, 2]: 1 or 0."""
    import numpy as np

    year = np.rint(y_pred)
    return ((y_true[:, 0] <= year) & (year <= y_true[:, 1])) + 0.0


def gender_right(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns (y_pred > 0.5) = y_true, 1 or 0."""
    import numpy as np

    return (np.isfinite(y_pred) & ((y_pred > 0.5) == y_true)) + 0.0


def both(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns y_true and y_pred side by side, [n, 2]."""
    import numpy as np

    return np.stack([y_true, y_pred], axis=1)


def true_male_of_predicted(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns [n, 2]: male and predicted so, predicted male; their sums give the precision of 'male'."""
    return _hits_of(y_true == 1, y_pred > 0.5, counted=y_pred > 0.5)


def true_male_of_male(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns [n, 2]: male and predicted so, male; their sums give the recall of 'male'."""
    return _hits_of(y_true == 1, y_pred > 0.5, counted=y_true == 1)


def true_female_of_female(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns [n, 2]: female and predicted so, female; their sums give the recall of 'female'."""
    return _hits_of(y_true == 0, y_pred <= 0.5, counted=y_true == 0)


def true_female_of_predicted(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns [n, 2]: female and predicted so, predicted female; their sums give the precision of 'female'."""
    return _hits_of(y_true == 0, y_pred <= 0.5, counted=y_pred <= 0.5)


def _hits_of(positive: np.ndarray, predicted: np.ndarray, counted: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.stack([positive & predicted, counted], axis=1).astype(float)


def chalearn_error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns 1 - exp(-(y_pred - mean)^2 / (2 deviation^2)), 0..1, of the guesses in y_true [n, 2].

    Source: Escalera et al., ChaLearn Looking at People 2015: apparent age and cultural event recognition, ICCVW 2015.
    """
    import numpy as np

    return 1 - np.exp(-((y_pred - y_true[:, 0]) ** 2) / (2 * y_true[:, 1] ** 2))


def crps(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns the continuous ranked probability score in years: the integral of (F(x) - [x >= y_true])^2.

    F is the distribution function of y_pred, [n, 101], whose mass lies on the whole years 0 to 100. For a distribution
    on one year it is the absolute error.

    Source: Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 2007.
    """
    import numpy as np

    below = np.cumsum(y_pred, axis=1)[:, :-1]
    # The length of each year [i, i + 1) that is below the true age.
    before = np.clip(y_true[:, None] - np.arange(below.shape[1]), 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        inside = (before * below**2 + (1 - before) * (1 - below) ** 2).sum(axis=1)
    # A true age outside of 0 to 100 years.
    return inside + np.maximum(y_true - below.shape[1], 0.0) + np.maximum(-y_true, 0.0)


def quantile_position(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Returns the probability integral transform, 0..1: the mass of y_pred, [n, 101], below the true age.

    The mass of a year i is spread evenly over [i - 0.5, i + 0.5), as if ages were known to the year. Over many records
    the values are uniform on 0..1 if the distributions are calibrated.

    Source: Czado, Gneiting and Held, Predictive model assessment for count data, Biometrics 2009.
    """
    import numpy as np

    years = np.arange(y_pred.shape[1])
    part = np.clip(y_true[:, None] - (years - 0.5), 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        return np.clip((y_pred * part).sum(axis=1), 0.0, 1.0)


def covered(level: float) -> RecordValues:
    """Returns the function of: the true age lies in the central `level` (0..1) of the distribution, 1 or 0."""

    def is_covered(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return (abs(quantile_position(y_true, y_pred) - 0.5) <= level / 2) + 0.0

    return is_covered
