"""Defines the losses of images that are mixtures of two (Zhang, Cisse, Dauphin, Lopez-Paz: mixup, ICLR 2018).

A mixture has the labels of both images, and the loss (1 - fraction) · loss of its own labels + fraction · loss of the
second image's. A cross-entropy is linear in its target, so for it that is the loss of the mixed target. This way every
head learns from mixtures, and from whatever label each of the two images has: an exact age, an interval, one of less
weight, none, a teacher's prediction.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras

from visage.training.objective.labels import MIXED_IN, Labels
from visage.training.objective.losses import Loss


def mixup_losses(losses: Mapping[str, Loss]) -> dict[str, Loss]:
    """Returns the losses by output, which also take mixtures; for labels of other images they equal `losses`."""
    return {output: _of_both(loss) for output, loss in losses.items()}


def _of_both(loss: Loss) -> Loss:
    def mixture(labels: Labels, raw: keras.KerasTensor) -> keras.KerasTensor:
        if "mixup_fraction" not in labels:
            return loss(labels, raw)
        fraction = labels["mixup_fraction"]
        second = {name.removeprefix(MIXED_IN): some for name, some in labels.items() if name.startswith(MIXED_IN)}
        return (1.0 - fraction) * loss(labels, raw) + fraction * loss(second, raw)

    return mixture
