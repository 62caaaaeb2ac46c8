"""Settings of the gate, as they stand in the configuration file; the limits follow from `METRICS`."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model, model_validator

from visage.errors import quoted
from visage.evaluation.metrics import MetricSpec, limited_metrics
from visage.settings import Settings


def _limit(spec: MetricSpec, *, required: bool = False) -> Any:
    default = ... if required else None
    return (float | None, Field(default, **spec.unit.bounds, description=_description(spec)))


def _change_limit(spec: MetricSpec, default: float) -> Any:
    bounds = {name: bound for name, bound in spec.unit.bounds.items() if name == "le"}
    described = f"{_description(spec)}: how much worse than the blessed model"
    return (float | None, Field(default, ge=0, **bounds, description=described))


def _description(spec: MetricSpec) -> str:
    return f"{spec.title} ({spec.unit.symbol})" if spec.unit.symbol == "years" else spec.title


class _Group(Settings):
    """A group of test records."""

    feature: Literal["gender", "age_group", "race", "source"]
    value: str = Field(description="e.g. 'female', '25-32' for an age_group, or the NAME of a labelled folder")


# Typed as Any: the limits are known only at run time, from `METRICS`.
_GroupLimits: Any = create_model(
    "_GroupLimits",
    __base__=_Group,
    **{spec.limit_name: _limit(spec) for spec, limits in limited_metrics() if limits.in_groups},
)
_Limits: Any = create_model(
    "_Limits",
    __base__=Settings,
    **{spec.limit_name: _limit(spec, required=limits.required) for spec, limits in limited_metrics()},
    **{
        spec.change_limit_name: _change_limit(spec, limits.change)
        for spec, limits in limited_metrics()
        if limits.change is not None
    },
)


class SliceGate(_GroupLimits):
    """A limit for one group of people, e.g. `age_mae_max` or `gender_accuracy_min`."""

    if TYPE_CHECKING:  # mypy does not know the limits.

        def __init__(self, **values: Any) -> None: ...

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "SliceGate":
        limits = [spec.limit_name for spec, limits in limited_metrics() if limits.in_groups]
        if all(getattr(self, limit) is None for limit in limits):
            raise ValueError(f"sets no limit; give {_one_of(limits)}")
        return self

    @model_validator(mode="after")
    def _value_exists(self) -> "SliceGate":
        from visage.data.labels import AGE_GROUPS, GENDERS, RACES, UNKNOWN

        # The sources are not checked here: labelled folders are named elsewhere in the configuration.
        values = {"gender": (*GENDERS, UNKNOWN), "age_group": AGE_GROUPS, "race": (*RACES, UNKNOWN)}.get(self.feature)
        if values is not None and self.value not in values:
            raise ValueError(f"no {self.feature} {quoted(self.value)}; choose from {', '.join(values)}")
        return self


class EvaluatorSettings(_Limits):
    """Conditions on the test split that a model must meet before it is pushed, e.g. `age_mae_max`.

    A limit that is null does not apply. `..._increase_max` and `..._decrease_max` limit how much worse than the blessed
    model a model may be.
    """

    if TYPE_CHECKING:  # mypy does not know the limits.

        def __init__(self, **values: Any) -> None: ...

    slices: list[Literal["gender", "age_group", "race", "source"]] = Field(default_factory=list)
    slice_gates: list[SliceGate] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "EvaluatorSettings":
        limits = [spec.limit_name for spec, _ in limited_metrics()]
        if all(getattr(self, limit) is None for limit in limits):
            raise ValueError(f"sets no limit that a model must meet; give {_one_of(limits)}")
        return self

    def limits_on(self, head: Literal["age", "gender"]) -> list[str]:
        """Returns the settings that limit a head's metrics, e.g. 'age_mae_max' and 'slice_gates.0.age_mae_max'."""
        limits = {
            name
            for spec, _ in limited_metrics()
            if spec.head == head
            for name in (spec.limit_name, spec.change_limit_name)
        }
        own = [name for name, value in self if name in limits and value is not None]
        return own + [
            f"slice_gates.{number}.{name}"
            for number, gate in enumerate(self.slice_gates)
            for name, value in gate
            if name in limits and value is not None
        ]

    @property
    def compares(self) -> bool:
        """Returns whether a limit compares the model with the blessed one."""
        changes = (spec.change_limit_name for spec, limits in limited_metrics() if limits.change is not None)
        return any(getattr(self, change) is not None for change in changes)


def _one_of(names: list[str]) -> str:
    """Returns e.g. 'a, b or c'."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
