"""Settings of the gate, as they stand in the configuration file."""

from typing import Literal

from pydantic import Field, model_validator

from visage.errors import quoted
from visage.settings import Settings


class SliceGate(Settings):
    """A limit for one group of people."""

    feature: Literal["gender", "age_group", "race", "source"]
    value: str = Field(description="e.g. 'female', '25-32' for an age_group, or the NAME of a labelled folder")
    age_mae_max: float | None = Field(None, gt=0, description="years")
    gender_accuracy_min: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "SliceGate":
        if self.age_mae_max is None and self.gender_accuracy_min is None:
            raise ValueError("sets no limit; give age_mae_max or gender_accuracy_min")
        return self

    @model_validator(mode="after")
    def _value_exists(self) -> "SliceGate":
        from visage.data.labels import AGE_GROUPS, GENDERS, RACES, UNKNOWN

        # What sources there are is the configuration's to know: labelled folders are named there.
        values = {"gender": (*GENDERS, UNKNOWN), "age_group": AGE_GROUPS, "race": (*RACES, UNKNOWN)}.get(self.feature)
        if values is not None and self.value not in values:
            raise ValueError(f"no {self.feature} {quoted(self.value)}; choose from {', '.join(values)}")
        return self


class EvaluatorSettings(Settings):
    """What a model must reach on the test split before it is pushed."""

    age_mae_max: float | None = Field(gt=0, description="years; mean absolute error of the age; null: no limit")
    age_group_accuracy_min: float | None = Field(None, ge=0, le=1, description="share of right age groups")
    gender_accuracy_min: float | None = Field(ge=0, le=1, description="share of right genders; null: no limit")
    age_mae_increase_max: float | None = Field(0.5, ge=0, description="years it may be worse than the blessed model")
    gender_accuracy_decrease_max: float | None = Field(0.02, ge=0, le=1, description="the same for gender accuracy")
    slices: list[Literal["gender", "age_group", "race", "source"]] = Field(default_factory=list)
    slice_gates: list[SliceGate] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "EvaluatorSettings":
        if self.age_mae_max is self.age_group_accuracy_min is self.gender_accuracy_min is None:
            limits = "age_mae_max, age_group_accuracy_min or gender_accuracy_min"
            raise ValueError(f"sets no limit that a model must meet; give {limits}")
        return self

    def limits_on(self, answer: Literal["age", "gender"]) -> list[str]:
        """The settings that limit an answer's metrics, e.g. 'age_mae_max' and 'slice_gates.0.age_mae_max'."""
        own = [name for name, value in self if name.startswith(f"{answer}_") and value is not None]
        return own + [
            f"slice_gates.{number}.{name}"
            for number, gate in enumerate(self.slice_gates)
            for name, value in gate
            if name.startswith(f"{answer}_") and value is not None
        ]

    @property
    def compares(self) -> bool:
        """Whether a model must not be worse than the blessed one."""
        return self.age_mae_increase_max is not None or self.gender_accuracy_decrease_max is not None
