"""How well models do on the same labelled images, and how far their answers are from those of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from visage.evaluation.metrics import Scores, Target, score
from visage.progress import report
from visage.tflite.crops import labelled_crops
from visage.tflite.network import Network
from visage.training.batches import Split

_BATCH = 64

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Quality:
    """What a model is worth on a split, and how far it is from the model that it was made of.

    None: the network does not learn it, no record knows it, or no number comes out of the predictions. A gender that is
    not a finite number is a wrong one, and another one than the other model's.

    Attributes:
        scores: by name, the metrics that are reported of models on devices.
        age_change_mean: years; how far its age is from the other model's, in the mean over all images.
        age_change_max: years; the same, where it is most.
        gender_changed: fraction of the images of which it says the other gender.
    """

    scores: Scores = field(default_factory=dict)
    age_change_mean: float | None = None
    age_change_max: float | None = None
    gender_changed: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Returns all of it in one flat object, the metrics first."""
        changes = ("age_change_mean", "age_change_max", "gender_changed")
        return {**self.scores, **{name: getattr(self, name) for name in changes}}


def compare(network: Network, others: Sequence[Callable[[np.ndarray], Answers]], split: Split) -> list[Quality]:
    """Compares a network, and models converted from it, on every image of a split.

    Args:
        network: the network.
        others: called with pixels, and answering, as the network does.
        split: labelled records.

    Returns:
        The network's quality, then that of the others in their order.
    """
    models: list[Callable[[np.ndarray], Answers]] = [network, *others]
    asked: list[list[Answers]] = [[] for _ in models]
    labels: list[Answers] = []
    for pixels, age, male in labelled_crops(split, network).batch(_BATCH).prefetch(tf.data.AUTOTUNE):
        for model, batches in zip(models, asked, strict=True):
            batches.append(model(pixels.numpy()))
        labels.append({"age": age, "gender_probability": male})
        report(f"ask of the {split.name} split", min(len(labels) * _BATCH, split.size), split.size)
    truth = _joined(labels)
    answers = [_joined(batches) for batches in asked]
    return [_quality(one, answers[0], truth) for one in answers]


def _joined(batches: list[Answers]) -> dict[str, np.ndarray]:
    judged = [name for name in ("age", "gender_probability") if name in batches[0]]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in judged}


def _quality(answers: Answers, reference: Answers, truth: Answers) -> Quality:
    figures: dict[str, float | None] = {}
    if "age" in answers:
        change = np.abs(answers["age"] - reference["age"])
        figures |= {"age_change_mean": _number(change.mean()), "age_change_max": _number(change.max())}
    if "gender_probability" in answers:
        male, is_number = answers["gender_probability"] > 0.5, np.isfinite(answers["gender_probability"])
        same = is_number & (male == (reference["gender_probability"] > 0.5))
        figures["gender_changed"] = float((~same).mean())
    return Quality(score("tflite", _by_target(truth), _by_target(answers)), **figures)


def _by_target(answers: Answers) -> dict[Target, np.ndarray]:
    targets: dict[str, Target] = {"age": "age", "gender_probability": "gender"}
    return {targets[output]: values for output, values in answers.items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
