"""Puts together the losses of a recipe: of labels, a teacher's predictions, members and mixtures."""

from __future__ import annotations

from keras import ops

from visage.training.distillation.losses import distillation_losses
from visage.training.objective.losses import Loss, Mean, of_members
from visage.training.objective.mixup import mixup_losses
from visage.training.settings import TrainerSettings


def recipe_losses(settings: TrainerSettings, mean: Mean = ops.mean) -> dict[str, Loss]:
    """Returns the loss of each raw output that learns.

    Args:
        settings: the recipe.
        mean: over the batch that all devices share.
    """
    spec = settings.spec
    taught = distillation_losses(spec, settings.distillation.alpha, mean)
    return mixup_losses(of_members(taught, spec.members))
