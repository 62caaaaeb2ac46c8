"""Computes the metrics on NumPy arrays of n records.

Every function takes three arrays:

    y_true: true values. Age: years, float [n]. Age group: index into `AGE_GROUPS`, [n]. Gender: index into `GENDERS`,
        0 female, 1 male, [n]. Outside the mask any value, also NaN or -1 (unknown).
    y_pred: predicted values. Age: years, float [n]. Age group: index, float [n]. Gender: P(male), float [n]. NaN
        where the model gave no finite number; infinite ages and probabilities may occur.
    mask: bool [n], the records that count: those of known truth, or of one group among them. At least one is True.

A prediction that is not a finite number counts as wrong; a mean that includes it is not finite.
NumPy is imported where it is used, because settings modules read the table of metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def mean_absolute_error(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float:
    """Returns the mean absolute error, sum(|y_pred - y_true|) / n, in years; not finite if one prediction is not."""
    return float(abs(y_pred - y_true)[mask].mean())


def cumulative_score_5(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float:
    """Returns CS@5: the fraction, 0..1, of ages with |y_pred - y_true| <= 5 years.

    Source: Geng, Zhou and Smith-Miles, Automatic age estimation based on facial aging patterns, PAMI 2007.
    """
    return float((abs(y_pred - y_true)[mask] <= 5.0).mean())


def class_accuracy(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float:
    """Returns the fraction, 0..1, of records with y_pred = y_true."""
    return float((y_pred == y_true)[mask].mean())


def one_off_accuracy(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float:
    """Returns the fraction, 0..1, of records with |y_pred - y_true| <= 1: the right group or one next to it.

    Source: Levi and Hassner, Age and gender classification using convolutional neural networks, CVPR workshops 2015.
    """
    return float((abs(y_pred - y_true)[mask] <= 1).mean())


def binary_accuracy(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float:
    """Returns the fraction, 0..1, of records with (y_pred > 0.5) = y_true."""
    import numpy as np

    right = np.isfinite(y_pred) & ((y_pred > 0.5) == y_true)
    return float(right[mask].mean())


def roc_auc(y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float | None:
    """Returns the area under the ROC curve, 0..1, by ranks.

    AUC = (R - p(p + 1)/2) / (p q), where p records are positive and q negative, and R is the sum of the positives'
    ranks among all p + q predictions in ascending order; equal predictions share the mean of their ranks. That is the
    probability that a positive record is ranked above a negative one, ties counted by half.

    Returns:
        The area; None where all records are of one class, or a prediction is not a finite number and has no rank.

    Source: Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.

    >>> import numpy as np
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), np.ones(4, bool))
    0.75
    """
    import numpy as np

    positive, predicted = y_true[mask] == 1, y_pred[mask]
    p = int(positive.sum())
    q = len(positive) - p
    if not p or not q or not np.isfinite(predicted).all():
        return None
    _, place, count = np.unique(predicted, return_inverse=True, return_counts=True)
    # Ranks count from 1; those of `count` equal predictions end at the cumulated count.
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * q))
