"""Decides which labels look wrong, from predictions of networks that have not learned from them.

**Ages.** A label's deviation is its distance from the median of the predicted distribution, in units of half the width
that holds the middle 68 % of it: a prediction that is unsure excuses more. Among the records of one predicted age
group the deviations are then standardized by their median and their median absolute deviation, since the networks may
be too sure or too unsure of some ages: the modified z-score of Iglewicz and Hoaglin (How to detect and handle outliers,
1993), who label as outliers those above 3.5. Half the width counts as a year (or an age group) at least, and a group as
twice too unsure at most. The probability that the distribution gives to the label would not do alone: where a tenth of
the labels is wrong, a calibrated network gives a tenth to wrong ones.

**Genders.** Confident learning (Northcutt, Jiang, Chuang: Confident learning, JAIR 2021): a label looks wrong if the
other gender is at least as probable as it is on average where it is the label; and four times as probable as the label,
which keeps networks that have learned nothing from judging.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

# Above it, a modified z-score is an outlier's (Iglewicz and Hoaglin, 1993).
HIGHEST_DEVIATION = 3.5
# P(label); the other gender is then four times as probable.
HIGHEST_PROBABILITY = 0.2
# Of deviations; networks that learn from noisy labels predict wider distributions than their errors are.
SMALLEST_SCALE = 0.5
# Labels below which none is judged, and records of a group below which it has the scale of all of them.
FEWEST_LABELS, FEWEST_OF_GROUP = 100, 50

# A median absolute deviation times this is the standard deviation of a normal distribution.
_NORMAL = 1 / float(norm.ppf(0.75))
_BELOW, _ABOVE = float(norm.cdf(-1)), float(norm.cdf(1))


@dataclass(frozen=True)
class Prediction:
    """Predicted distributions over classes: ages 0 to 100, or age groups.

    Attributes:
        median: float [n], in classes.
        width: float [n], half the width of the middle 68 %, in classes.
    """

    median: np.ndarray
    width: np.ndarray


def prediction_of(probabilities: np.ndarray) -> Prediction:
    """Returns median and width of distributions [n, classes], each class spread evenly over the unit around it."""
    cumulative = np.concatenate([np.zeros((len(probabilities), 1)), np.cumsum(probabilities, axis=1)], axis=1)
    low, median, high = (_quantile(cumulative, fraction) for fraction in (_BELOW, 0.5, _ABOVE))
    return Prediction(median, (high - low) / 2)


def _quantile(cumulative: np.ndarray, fraction: float) -> np.ndarray:
    reached = np.argmax(cumulative >= min(fraction, 1.0) * cumulative[:, -1:], axis=1).clip(1)
    rows = np.arange(len(cumulative))
    before, after = cumulative[rows, reached - 1], cumulative[rows, reached]
    part = (fraction * cumulative[:, -1] - before) / np.maximum(after - before, 1e-12)
    return reached - 1 + part.clip(0, 1) - 0.5


def age_deviations(first: np.ndarray, last: np.ndarray, prediction: Prediction, group: np.ndarray) -> np.ndarray:
    """Returns the modified z-score of each age label, float [n]; NaN where it is unknown, or too few are known.

    Args:
        first, last: float [n], the classes that the label allows; NaN where it is unknown. They are equal for an age
            in years.
        prediction: of the record, by networks that have not learned from it.
        group: int [n], of the predicted age.
    """
    beyond = np.where(prediction.median < first, first - prediction.median, last - prediction.median)
    beyond = np.where((prediction.median >= first) & (prediction.median <= last), 0.0, beyond)
    deviation = beyond / prediction.width
    deviation[np.isnan(first)] = np.nan
    exact = first == last
    if exact.sum() < FEWEST_LABELS:
        return np.full(len(first), np.nan)
    standardized = _standardized(deviation, exact, np.ones(len(first), bool))
    for one in np.unique(group):
        members = group == one
        if (exact & members).sum() >= FEWEST_OF_GROUP:
            standardized[members] = _standardized(deviation, exact, members)[members]
    # A prediction within the allowed classes is right, whatever others are.
    return np.where(beyond == 0, np.where(np.isnan(first), np.nan, 0.0), standardized)


def _standardized(deviation: np.ndarray, exact: np.ndarray, members: np.ndarray) -> np.ndarray:
    of_exact = deviation[exact & members]
    middle = np.median(of_exact)
    scale = max(SMALLEST_SCALE, _NORMAL * float(np.median(np.abs(of_exact - middle))))
    return (deviation - middle) / scale


def age_suspects(deviation: np.ndarray) -> np.ndarray:
    """Returns whether each age label looks wrong, bool [n]; `deviation` as of `age_deviations`."""
    return np.nan_to_num(np.abs(deviation)) > HIGHEST_DEVIATION


def gender_suspects(label: np.ndarray, male: np.ndarray) -> np.ndarray:
    """Returns whether each gender label looks wrong, bool [n].

    Args:
        label: int [n], index into GENDERS; -1 where it is unknown.
        male: float [n], P(male) by networks that have not learned from the record.
    """
    other = np.where(label == 1, 1 - male, male)
    found = np.zeros(len(label), bool)
    if (label >= 0).sum() < FEWEST_LABELS:
        return found
    for one in (0, 1):
        # The mean confidence in the other gender, where it is the label.
        of_other = other_confidence(male, label, 1 - one)
        found |= (label == one) & (other >= of_other) & (1 - other <= HIGHEST_PROBABILITY)
    return found


def other_confidence(male: np.ndarray, label: np.ndarray, gender: int) -> float:
    """Returns the mean probability of a gender over the records that have it as label; infinite without any."""
    of_gender = np.where(gender == 1, male, 1 - male)[label == gender]
    return float(of_gender.mean()) if len(of_gender) else float("inf")
