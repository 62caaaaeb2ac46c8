"""Puts together the losses of a recipe: of labels, a teacher's predictions and mixtures."""

from __future__ import annotations

from keras import ops

from visage.training.distillation.losses import distillation_losses
from visage.training.objective.losses import Loss, Mean
from visage.training.objective.mixup import mixup_losses
from visage.training.settings import TrainerSettings


def recipe_losses(settings: TrainerSettings, mean: Mean = ops.mean) -> dict[str, Loss]:
    """Returns the loss of each output.

    Args:
        settings: the recipe.
        mean: over the batch that all devices share.
    """
    return mixup_losses(distillation_losses(settings.spec, settings.distillation.alpha, mean))
