"""Defines the settings of distillation in a recipe."""

from pydantic import Field

from visage.networks import AgeHead
from visage.settings import LocalPath, Settings

# The heads that learn a distribution over the ages, as a teacher predicts it.
TAUGHT_AGE_HEADS: tuple[AgeHead, ...] = ("softmax", "label_distribution")


class DistillationSettings(Settings):
    """A teacher whose predictions are learned besides the labels (Hinton, Vinyals, Dean, 2015)."""

    teacher: LocalPath | None = Field(
        None,
        min_length=1,
        description="a pushed model's folder, or one version; ready: networks of other people; null: none",
    )
    alpha: float = Field(0.5, gt=0, le=1, description="weight of the teacher's predictions against the labels")
