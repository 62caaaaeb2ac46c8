"""Measures models on the same labelled images, and their difference from the first model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from visage.evaluation.metrics.score import score
from visage.evaluation.metrics.spec import Scores, Target
from visage.progress import report
from visage.tflite.crops import labelled_crops
from visage.tflite.network import Network
from visage.training.batches import Split

_BATCH = 64

Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Quality:
    """The metrics of a model on a split, and its difference from the model that it was converted from.

    None: the network does not predict it, no record has the label, or the predictions are not finite numbers. A gender
    that is not a finite number counts as wrong, and as changed.

    Attributes:
        scores: the metrics of the report 'tflite', by name.
        age_change_mean: years; mean absolute difference of the predicted ages over all images.
        age_change_max: years; largest absolute difference.
        gender_changed: fraction, 0..1, of the images for which the predicted gender differs.
    """

    scores: Scores = field(default_factory=dict)
    age_change_mean: float | None = None
    age_change_max: float | None = None
    gender_changed: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Returns all figures in one flat object, the metrics first."""
        changes = ("age_change_mean", "age_change_max", "gender_changed")
        return {**self.scores, **{name: getattr(self, name) for name in changes}}


def compare(network: Network, others: Sequence[Callable[[np.ndarray], Outputs]], split: Split) -> list[Quality]:
    """Compares a network, and models converted from it, on every image of a split.

    Args:
        network: the network.
        others: functions with the network's input and outputs.
        split: labelled records.

    Returns:
        The network's quality, then that of the others in their order.
    """
    models: list[Callable[[np.ndarray], Outputs]] = [network, *others]
    outputs: list[list[Outputs]] = [[] for _ in models]
    labels: list[Outputs] = []
    for pixels, age, male in labelled_crops(split, network).batch(_BATCH).prefetch(tf.data.AUTOTUNE):
        for model, batches in zip(models, outputs, strict=True):
            batches.append(model(pixels.numpy()))
        labels.append({"age": age, "gender_probability": male})
        report(f"predict the {split.name} split", min(len(labels) * _BATCH, split.size), split.size)
    truth = _joined(labels)
    predictions = [_joined(batches) for batches in outputs]
    return [_quality(one, predictions[0], truth) for one in predictions]


def _joined(batches: list[Outputs]) -> dict[str, np.ndarray]:
    judged = [name for name in ("age", "gender_probability") if name in batches[0]]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in judged}


def _quality(predictions: Outputs, reference: Outputs, truth: Outputs) -> Quality:
    figures: dict[str, float | None] = {}
    if "age" in predictions:
        change = np.abs(predictions["age"] - reference["age"])
        figures |= {"age_change_mean": _number(change.mean()), "age_change_max": _number(change.max())}
    if "gender_probability" in predictions:
        male, is_number = predictions["gender_probability"] > 0.5, np.isfinite(predictions["gender_probability"])
        same = is_number & (male == (reference["gender_probability"] > 0.5))
        figures["gender_changed"] = float((~same).mean())
    return Quality(score("tflite", _by_target(truth), _by_target(predictions)), **figures)


def _by_target(outputs: Outputs) -> dict[Target, np.ndarray]:
    targets: dict[str, Target] = {"age": "age", "gender_probability": "gender"}
    return {targets[output]: values for output, values in outputs.items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
