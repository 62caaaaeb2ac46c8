"""Builds the optimizer of a recipe, and computes its learning rate at every step."""

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
    """Builds an optimizer that decays weight matrices but not biases, with a constant rate.

    Set the rate to `learning_rate` before every step.

    Args:
        settings: the recipe.
        fractions: fractions of the rate, by the path of a weight; the others learn at the whole rate.
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
    """Returns the rate of one step, a pure function of progress, so that a resumed run keeps to its schedule.

    Args:
        settings: the recipe.
        steps: number of steps in an epoch.
        done: number of steps before this one, over all epochs.
        val_losses: validation losses of the epochs that have ended.
    """
    # All parts of a batch make one update.
    updates = done // settings.gradient_accumulation_steps
    begun = updates * settings.gradient_accumulation_steps
    rate = settings.learning_rate * min(1.0, (updates + 1) / (settings.warmup_steps + 1))
    if settings.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * begun / (steps * settings.epochs)))
    passed = sum(epoch <= begun // steps for epoch in settings.step_schedule.epochs)
    stalled = reductions(val_losses, settings.reduce_on_plateau.patience)
    stepped = math.prod(settings.step_schedule.factors[:passed])
    return rate * stepped * settings.reduce_on_plateau.factor**stalled
