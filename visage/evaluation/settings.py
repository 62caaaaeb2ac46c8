"""Settings of the gates, as they stand in the configuration file; the limits follow from `METRICS`."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model, model_validator

from visage.data.labels import AGE_GROUPS, FEATURES, GENDERS, RACES, UNKNOWN, Feature
from visage.errors import quoted
from visage.evaluation.metrics import adjustable_metrics, limited_metrics
from visage.evaluation.metrics.spec import MetricSpec
from visage.settings import LocalPath, Settings

Evidence = Literal["point", "safe", "harm"]


class Limit(Settings):
    """A limit, and the evidence by which it is met.

    `point`: the figure meets it. `safe`: the bad end of the figure's interval meets it. `harm`: the good end does, so
    that only a figure that is shown to miss it fails.
    """

    limit: float
    evidence: Evidence


def _limits(name: str, spec: MetricSpec, evidence: Evidence, *, default: Any = None, least: float | None = None) -> Any:
    """Returns type and default of a limit: null, a number, or a mapping with `limit` and `evidence`."""
    bounds = spec.unit.bounds if least is None else {**_highest(spec.unit.bounds), "ge": least}
    described = f"{spec.title} ({spec.unit.symbol})" if spec.unit.symbol == "years" else spec.title
    model = _limit_model(f"{name}Limit", tuple(bounds.items()), evidence)
    return (
        Annotated[model | None, BeforeValidator(_as_mapping)],
        Field(default, description=described, validate_default=True),
    )


def _highest(bounds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: bound for name, bound in bounds.items() if name == "le"}


@cache
def _limit_model(name: str, bounds: tuple[tuple[str, float], ...], evidence: Evidence) -> Any:
    bounded: Any = Field(**dict(bounds))  # type: ignore[call-overload]
    fields: Any = {"limit": (float, bounded), "evidence": (Evidence, evidence)}
    return create_model(name, __base__=Limit, **fields)


def _as_mapping(value: Any) -> Any:
    return value if value is None or isinstance(value, Mapping | Limit) else {"limit": value}


def _as_safe_fraction(value: Any) -> Any:
    return _limit_model("AgeCheckLimit", (("ge", 0), ("le", 1)), "safe").model_validate(_as_mapping(value))


# Typed as Any: the limits are known only at run time, from `METRICS`.
_OverallLimits: Any = create_model(
    "_OverallLimits",
    __base__=Settings,
    **{
        spec.limit_name: _limits("Overall", spec, "point", default=... if limits.required else None)
        for spec, limits in limited_metrics()
    },
    **{
        spec.change_limit_name: _limits("Change", spec, "harm", default=limits.change, least=0)
        for spec, limits in limited_metrics()
        if limits.change is not None
    },
)
_GroupLimits: Any = create_model(
    "_GroupLimits",
    __base__=Settings,
    **{spec.limit_name: _limits("Group", spec, "harm") for spec, _ in limited_metrics()},
)
_GapLimits: Any = create_model(
    "_GapLimits",
    __base__=Settings,
    **{spec.gap_limit_name: _limits("Gap", spec, "harm", least=0) for spec in adjustable_metrics()},
)


class SliceGate(_GroupLimits):
    """Limits for one group of people, e.g. `age_mae_max` or `gender_accuracy_min`."""

    feature: Feature
    value: str = Field(description="e.g. 'female', '25-32' for an age_group, or the NAME of a labelled folder")

    if TYPE_CHECKING:  # mypy does not know the limits.

        def __init__(self, **values: Any) -> None: ...

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "SliceGate":
        _check_sets_a_limit(self, [spec.limit_name for spec, _ in limited_metrics()])
        return self

    @model_validator(mode="after")
    def _value_exists(self) -> "SliceGate":
        # The sources are not checked here: labelled folders are named elsewhere in the configuration.
        values = {"gender": (*GENDERS, UNKNOWN), "age_group": AGE_GROUPS, "race": (*RACES, UNKNOWN)}.get(self.feature)
        if values is not None and self.value not in values:
            raise ValueError(f"no {self.feature} {quoted(self.value)}; choose from {', '.join(values)}")
        return self


class GapGate(_GapLimits):
    """Limits on how much worse than all records any group of a feature may be, e.g. `age_mae_gap_max`.

    A group is compared with all records of the same ages.
    """

    feature: Feature

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "GapGate":
        _check_sets_a_limit(self, [spec.gap_limit_name for spec in adjustable_metrics()])
        return self


class AgeCheck(Settings):
    """A limit on the people below a legal age whose estimated age is at least a challenge age."""

    legal_age: Literal[13, 16, 18, 21]
    challenge_age: int = Field(ge=13, le=100)
    false_positive_rate_max: Annotated[Limit, BeforeValidator(_as_safe_fraction)]

    @model_validator(mode="after")
    def _challenges_at_or_above(self) -> "AgeCheck":
        if self.challenge_age < self.legal_age:
            raise ValueError(f"challenge_age {self.challenge_age} is below legal_age {self.legal_age}; raise it")
        return self


class EvaluatorSettings(_OverallLimits):
    """Conditions on the test split that a model must meet before it is pushed, e.g. `age_mae_max`.

    A limit that is null does not apply. `..._increase_max` and `..._decrease_max` limit how much worse than the blessed
    model, and than `reference`, a model may be: on all records, and where their evidence is `harm` in every group of
    `slices` as well, corrected for the number of comparisons.
    """

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...

    slices: list[Feature] = Field(default_factory=list)
    pairs: bool = Field(False, description="whether groups of two features are reported, e.g. gender and race")
    min_people: int = Field(30, ge=2, le=1_000_000, description="people below which a group is shown and not gated")
    slice_gates: list[SliceGate] = Field(default_factory=list)
    gap_gates: list[GapGate] = Field(default_factory=list)
    age_checks: list[AgeCheck] = Field(default_factory=list)
    reference: int | LocalPath | None = Field(
        None,
        description="a model to compare with besides the blessed one: a pushed version, a SavedModel, or ready",
    )

    @model_validator(mode="after")
    def _sets_a_limit(self) -> "EvaluatorSettings":
        limits = [spec.limit_name for spec, _ in limited_metrics()]
        if all(getattr(self, limit) is None for limit in limits):
            raise ValueError(f"sets no limit that a model must meet; give {_one_of(limits)}")
        return self

    def limits_on(self, head: Literal["age", "gender"]) -> list[str]:
        """Returns the settings that limit a head's metrics, e.g. 'age_mae_max' and 'slice_gates.0.age_mae_max'."""
        metrics = [spec for spec, _ in limited_metrics() if spec.head == head]
        limits = {name for spec in metrics for name in (spec.limit_name, spec.change_limit_name, spec.gap_limit_name)}
        places: Iterator[tuple[str, Any]] = iter(
            [
                ("", self),
                *((f"slice_gates.{number}.", gate) for number, gate in enumerate(self.slice_gates)),
                *((f"gap_gates.{number}.", gate) for number, gate in enumerate(self.gap_gates)),
            ]
        )
        checks = [f"age_checks.{number}" for number in range(len(self.age_checks))] if head == "age" else []
        return [
            *(f"{place}{name}" for place, settings in places for name, value in settings if name in limits and value),
            *checks,
        ]

    @property
    def features(self) -> list[Feature]:
        """Returns the features whose groups are measured, in their order."""
        gated = [*(gate.feature for gate in self.slice_gates), *(gate.feature for gate in self.gap_gates)]
        named = {*self.slices, *gated}
        return [feature for feature in FEATURES if feature in named]

    @property
    def compares(self) -> bool:
        """Returns whether a limit compares the model with the blessed one."""
        changes = (spec.change_limit_name for spec, limits in limited_metrics() if limits.change is not None)
        return any(getattr(self, change) is not None for change in changes)


def without_limits(slices: list[Feature]) -> EvaluatorSettings:
    """Returns settings that measure groups and limit nothing, which no configuration may."""
    limits = {name for spec, _ in limited_metrics() for name in (spec.limit_name, spec.change_limit_name)}
    known = {name: None for name in EvaluatorSettings.model_fields if name in limits}
    some = {**known, limited_metrics()[0][0].limit_name: 1.0}
    return EvaluatorSettings(**some, slices=slices).model_copy(update=known)


def _check_sets_a_limit(settings: Settings, limits: list[str]) -> None:
    if all(getattr(settings, limit) is None for limit in limits):
        raise ValueError(f"sets no limit; give {_one_of(limits)}")


def _one_of(names: list[str]) -> str:
    """Returns e.g. 'a, b or c'."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
