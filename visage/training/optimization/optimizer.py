"""The optimizer of a recipe, and the rate at which it learns at every step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras

from visage.training.optimization.keras_private import with_rate_by_weight
from visage.training.optimization.plateau import reductions
from visage.training.settings import TrainerSettings


def build_optimizer(
    settings: TrainerSettings, fractions: Mapping[str, float] | None = None
) -> keras.optimizers.Optimizer:
    """A new optimizer that decays weight matrices and no biases, its rate still constant.

    The rate is to be set before every step to `learning_rate`.

    Args:
        settings: the recipe.
        fractions: of the rate, by the path of a weight; the others learn at the whole rate.
    """
    common = {
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "gradient_accumulation_steps": settings.gradient_accumulation_steps
        if settings.gradient_accumulation_steps > 1
        else None,
    }
    kinds = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}
    kind = kinds[settings.optimizer]
    if fractions:
        kind = with_rate_by_weight(kind, fractions, settings.weight_decay)
    if settings.optimizer == "sgd":
        common["momentum"] = settings.momentum
    optimizer = kind(**common)
    if settings.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def learning_rate(settings: TrainerSettings, steps: int, done: int, val_losses: Sequence[float]) -> float:
    """The rate of one step: a function of where training stands, so that a run that goes on keeps to its schedule.

    Args:
        settings: the recipe.
        steps: of one epoch.
        done: steps before this one, over all epochs.
        val_losses: of the epochs that have ended.
    """
    # All parts of a batch belong to one update.
    updates = done // settings.gradient_accumulation_steps
    begun = updates * settings.gradient_accumulation_steps
    rate = settings.learning_rate * min(1.0, (updates + 1) / (settings.warmup_steps + 1))
    if settings.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * begun / (steps * settings.epochs)))
    passed = sum(epoch <= begun // steps for epoch in settings.step_schedule.epochs)
    stalled = reductions(val_losses, settings.reduce_on_plateau.patience)
    stepped = math.prod(settings.step_schedule.factors[:passed])
    return rate * stepped * settings.reduce_on_plateau.factor**stalled
