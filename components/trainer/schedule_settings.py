"""Settings of how the rate of learning falls."""

from itertools import pairwise

from pydantic import Field, field_validator

from components.settings import Settings


class StepSchedule(Settings):
    """The rate falls by `factor` at the start of each of `epochs`."""

    epochs: tuple[int, ...] = Field((), description="counted from 0, each later than the one before; none: never")
    factor: float = Field(0.1, gt=0, lt=1)

    @field_validator("epochs")
    @classmethod
    def _rises(cls, epochs: tuple[int, ...]) -> tuple[int, ...]:
        if any(later <= earlier for earlier, later in pairwise((0, *epochs))):
            raise ValueError("must begin with 1 or more and rise")
        return epochs


class ReduceOnPlateau(Settings):
    """The rate falls by `factor` whenever `patience` epochs on end brought no lower validation loss."""

    patience: int | None = Field(None, ge=1, description="null: never")
    factor: float = Field(0.1, gt=0, lt=1)
