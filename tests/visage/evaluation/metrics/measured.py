"""Measures a metric by its name."""

from typing import Any

import numpy as np

from visage.evaluation.metrics import METRICS


def measured(metric: str, y_true: Any, y_pred: Any, mask: Any = None) -> float | None:
    truth = np.array(y_true, float)
    counted = np.ones(len(truth), bool) if mask is None else np.array(mask)
    return METRICS[metric].measure(truth, np.array(y_pred, float), counted)
