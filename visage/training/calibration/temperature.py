"""Fits the temperature of a head's logits: the T > 0 with the lowest negative log likelihood of validation labels.

Source: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017, section 4.2.

Logits have a first axis of views: 1, or 2 where the served model predicts the mean over an image and its mirror image.
The likelihood is that of the mean, so that the served probabilities are those that were fitted. All is computed in
float64, in logarithms, so that no probability becomes 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax, logsumexp

from visage.networks import AgeHead
from visage.saved_model.metadata import HeadCalibration

# In simulations, the temperature fitted to 100 records has a standard deviation of 13 % for ages, and of 20 to 30 % for
# genders; to 1,000 records, 5 % for ages.
FEWEST_RECORDS = 100
# A minimum at an end of this range is none: the labels are separated perfectly, or the logits say nothing.
LOWEST, HIGHEST = 0.05, 20.0

# Temperatures that are tried before the minimum is refined between the best one's neighbours. Each is 1.22 times the
# one before. The mean over two views may have several local minima.
_GRID = np.geomspace(LOWEST, HIGHEST, 31)
# In the logarithm of the temperature.
_TOLERANCE = 1e-4
# Records whose log likelihoods are computed at a time: 8 MB a view for 101 ages.
_ROWS = 10_000
# Nats; the log likelihood of an age between two equal thresholds of CORAL, whose probability is 0.
_IMPOSSIBLE = -1000.0


def fit_gender(logits: np.ndarray, male: np.ndarray) -> HeadCalibration:
    """Fits the temperature of P(male) = mean over views of sigmoid(logit / T).

    Args:
        logits: of P(male), [views, N].
        male: whether the record is labelled male, bool [N].
    """
    toward_label = np.where(male, logits, -logits).astype(np.float64)
    return _fit(
        lambda temperature: _mean_of_views(log_expit(toward_label / temperature)).sum(),
        finite=bool(np.isfinite(logits).all()),
        classes=np.unique(male).size,
        records=male.size,
        label="gender",
    )


def fit_age(logits: np.ndarray, head: AgeHead, truth: np.ndarray) -> HeadCalibration:
    """Fits the temperature of an age distribution.

    The likelihood of an age is its probability. Between two whole years, log likelihoods are interpolated, as the loss
    of a softmax does.

    Args:
        logits: of any head but a regression, [views, N, 101], [views, N, 100] for CORAL, or [views, N, 8] for groups.
        head: kind of the head.
        truth: years, float [N]; of the head "age_groups" indices into `AGE_GROUPS`, [N].
    """
    parts = np.array_split(np.arange(len(truth)), max(1, math.ceil(len(truth) / _ROWS)))

    def log_likelihood(temperature: float) -> float:
        scaled = (logits[:, part].astype(np.float64) / temperature for part in parts)
        distributions = (log_age_probabilities(some, head) for some in scaled)
        return math.fsum(_log_likelihood(some, truth[part]) for some, part in zip(distributions, parts, strict=True))

    return _fit(
        log_likelihood,
        finite=bool(np.isfinite(logits).all()),
        classes=np.unique(truth).size,
        records=len(truth),
        label="age group" if head == "age_groups" else "age",
    )


def log_age_probabilities(logits: np.ndarray, head: AgeHead) -> np.ndarray:
    """Returns the logarithm of the mean of `heads.age_probabilities` over views: [views, N, ...] to [N, 101 or 8]."""
    if head != "coral":
        return _mean_of_views(log_softmax(logits, axis=-1))
    ends = np.full((*logits.shape[:-1], 1), np.inf)
    above = np.concatenate([ends, -np.sort(-logits, axis=-1), -ends], axis=-1)
    upper, lower = above[..., :-1], above[..., 1:]
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), without the cancellation of the difference.
    with np.errstate(divide="ignore"):
        between = log_expit(upper) + log_expit(-lower) + np.log(-np.expm1(lower - upper))
    return _mean_of_views(np.maximum(between, _IMPOSSIBLE))


def _log_likelihood(log_probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Returns the log likelihood of ages or groups [N] under distributions [N, 101 or 8]."""
    last = log_probabilities.shape[1] - 1
    place = np.clip(truth, 0, last)
    floor = np.floor(place).astype(int)
    rows, fraction = np.arange(len(truth)), place - floor
    below, above = log_probabilities[rows, floor], log_probabilities[rows, np.minimum(floor + 1, last)]
    return float(((1 - fraction) * below + fraction * above).sum())


def _mean_of_views(log_probabilities: np.ndarray) -> np.ndarray:
    """Returns log(mean(exp(...))) over the first axis."""
    mean: np.ndarray = logsumexp(log_probabilities, axis=0) - math.log(len(log_probabilities))
    return mean


def _fit(
    log_likelihood: Callable[[float], float], *, finite: bool, classes: int, records: int, label: str
) -> HeadCalibration:
    """Minimizes the mean negative log likelihood, or says why the temperature stays 1.

    Args:
        log_likelihood: sum over all records, at a temperature.
        finite: whether all logits are finite numbers.
        classes: number of different labels.
        records: number of records.
        label: name of the label, for the reason.
    """
    if not records:
        return HeadCalibration(records=0, not_fitted=f"no val record has a known {label}")
    if not finite:
        return HeadCalibration(records=records, not_fitted="the network's outputs are not all finite numbers")

    def nll(temperature: float) -> float:
        return -float(log_likelihood(temperature)) / records

    before = nll(1.0)
    unchanged = HeadCalibration(records=records, nll_before=before, nll_after=before)
    if records < FEWEST_RECORDS:
        return replace(
            unchanged, not_fitted=f"{records} val records have a known {label}; a fit needs {FEWEST_RECORDS}"
        )
    if classes < 2:
        return replace(unchanged, not_fitted=f"all val records have the same {label}")
    found = _minimum(nll)
    if found is None:
        return replace(unchanged, not_fitted=f"the likelihood has no maximum between {LOWEST:g} and {HIGHEST:g}")
    after = nll(found)
    return replace(unchanged, temperature=found, nll_after=after) if after < before else unchanged


def _minimum(nll: Callable[[float], float]) -> float | None:
    """Returns the temperature, to four digits, of the lowest value; None if that is at an end of the range."""
    best = int(np.argmin([nll(temperature) for temperature in _GRID]))
    if best in (0, len(_GRID) - 1):
        return None
    found = minimize_scalar(
        lambda logarithm: nll(math.exp(logarithm)),
        bounds=(math.log(_GRID[best - 1]), math.log(_GRID[best + 1])),
        method="bounded",
        options={"xatol": _TOLERANCE},
    )
    return float(f"{math.exp(found.x):.4g}")
