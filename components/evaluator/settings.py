"""Settings of the gate, as they stand in the configuration file."""

from typing import Literal

from pydantic import Field

from components.settings import Settings


class SliceGate(Settings):
    """A limit for one group of people."""

    feature: Literal["gender", "age_group", "race", "source"]
    value: str = Field(description="as the feature holds it, e.g. 'female'")
    age_mae_max: float | None = Field(None, gt=0, description="years")
    gender_accuracy_min: float | None = Field(None, ge=0, le=1)


class EvaluatorSettings(Settings):
    """What a model must reach on the test split before it is pushed."""

    age_mae_max: float = Field(gt=0, description="years; mean absolute error of the age")
    gender_accuracy_min: float = Field(ge=0, le=1)
    age_mae_increase_max: float | None = Field(0.5, ge=0, description="years that it may be worse than the blessed model")
    gender_accuracy_decrease_max: float | None = Field(0.02, ge=0, le=1, description="the same for gender accuracy")
    slices: list[Literal["gender", "age_group", "race", "source"]] = Field(default_factory=list)
    slice_gates: list[SliceGate] = Field(default_factory=list)
