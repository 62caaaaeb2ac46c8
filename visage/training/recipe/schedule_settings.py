"""Defines the settings of learning-rate schedules in a recipe."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from visage.settings import Settings

_Factor = Annotated[float, Field(gt=0, le=10)]


class StepSchedule(Settings):
    """A schedule that multiplies the rate by `factor` at the start of each of `epochs`."""

    epochs: tuple[int, ...] = Field((), description="counted from 0, each later than the one before; none: never")
    factor: _Factor | tuple[_Factor, ...] = Field(0.1, description="of the previous rate; one, or one for each epoch")

    @property
    def factors(self) -> tuple[float, ...]:
        """Returns one factor for each of `epochs`."""
        return self.factor if isinstance(self.factor, tuple) else (self.factor,) * len(self.epochs)

    @field_validator("factor")
    @classmethod
    def _is_one_for_each(cls, factor: float | tuple[float, ...], info: ValidationInfo) -> float | tuple[float, ...]:
        epochs = info.data.get("epochs")
        if isinstance(factor, tuple) and epochs is not None and len(factor) != len(epochs):
            raise ValueError(f"must be one number, or {len(epochs)}, as many as epochs")
        return factor

    @field_validator("epochs")
    @classmethod
    def _rises(cls, epochs: tuple[int, ...]) -> tuple[int, ...]:
        if any(later <= earlier for earlier, later in pairwise((0, *epochs))):
            raise ValueError("must begin with 1 or more and rise")
        return epochs


class ReduceOnPlateau(Settings):
    """A schedule that multiplies the rate by `factor` after `patience` epochs without a lower validation loss."""

    patience: int | None = Field(None, ge=1, description="null: never")
    factor: float = Field(0.1, gt=0, lt=1)
