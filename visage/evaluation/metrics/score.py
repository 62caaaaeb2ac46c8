"""Measures predictions by every metric of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from visage.evaluation.metrics import metrics_of
from visage.evaluation.metrics.spec import Report, Scores, Target

if TYPE_CHECKING:
    import numpy as np


def is_known(target: Target, y_true: np.ndarray) -> np.ndarray:
    """Returns which truths are known, bool [n]: neither NaN nor, of groups and genders, negative."""
    if target in ("age_group", "gender", "gender_probability"):
        return y_true >= 0
    # Only NaN differs from itself.
    known = y_true == y_true
    return known if known.ndim == 1 else known.all(axis=1)


def score(report: Report, truths: Mapping[Target, np.ndarray], predictions: Mapping[Target, np.ndarray]) -> Scores:
    """Measures predictions by every metric of a report.

    Args:
        report: whose metrics.
        truths: by target, [n], as `record_values` describes `y_true`; where unknown, NaN for an age, else negative
            or NaN.
        predictions: by target, [n], as `record_values` describes `y_pred`, of what the model predicts.

    Returns:
        One figure a metric, over the records whose truth is known; None where no truth is known, the model does not
        predict the target, or no finite number comes out.
    """
    return {
        spec.name: spec.measure(
            truths[spec.target], predictions[spec.target], is_known(spec.target, truths[spec.target])
        )
        if spec.target in predictions and spec.target in truths
        else None
        for spec in metrics_of(report)
    }
