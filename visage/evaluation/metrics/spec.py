"""Defines what describes a metric: target, formula, unit, direction and display; the package lists the metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from visage.evaluation.metrics import summaries

if TYPE_CHECKING:
    import numpy as np

    from visage.evaluation.metrics.record_values import RecordValues
    from visage.evaluation.metrics.summaries import Summary, SummaryOfPeople

Target = Literal["age", "age_distribution", "age_interval", "apparent_age", "age_group", "gender", "gender_probability"]
Report = Literal["evaluation", "cross_validation", "tflite"]

# The outputs beside the value itself.
_OUTPUTS: dict[Target, str] = {"age_distribution": "the distribution of ages", "gender_probability": "P(male)"}

EXACT_AGE_MISSING = "no record of exact age"

_NO_TRUTHS: dict[Target, str] = {
    "age": EXACT_AGE_MISSING,
    "age_distribution": EXACT_AGE_MISSING,
    "age_interval": "no record with an age group alone",
    "age_group": "no record of known age group",
    "apparent_age": "no record of known apparent age",
}

Numbers = TypeVar("Numbers", float, "np.ndarray")

# The figures of one model on some records, by the metric's name; None where nothing could be measured.
Scores = dict[str, float | None]


@dataclass(frozen=True)
class Unit:
    """The unit of a figure and its display.

    Attributes:
        symbol: after the number; '' for a plain number.
        factor: multiplies a figure before it is written.
        digits: after the decimal point.
        of_change: symbol of a difference of two figures.
        bounds: of a limit in the configuration, as pydantic's `Field` takes them.
    """

    symbol: str
    factor: float
    digits: int
    of_change: str
    bounds: Mapping[str, Any] = field(default_factory=dict)

    def number(self, value: float, more_digits: int = 0) -> str:
        """Returns a figure without its symbol, e.g. '4.32', or '93.1' of the fraction 0.931."""
        return f"{self.factor * value:.{self.digits + more_digits}f}"

    def text(self, value: float) -> str:
        """Returns a figure with its symbol, e.g. '4.32 years' or '93.1 %'."""
        return f"{self.number(value)} {self.symbol}".rstrip()

    def text_of_change(self, value: float) -> str:
        """Returns a difference of two figures with its symbol, e.g. '0.50 years' or '2.0 points'."""
        return f"{self.number(value)} {self.of_change}".rstrip()

    def interval(self, low: float, high: float) -> str:
        """Returns an interval of figures without its symbol, e.g. '4.05 to 5.34', or '93.6 to 95.1' of fractions."""
        return f"{self.number(low)} to {self.number(high)}"

    def cell(self, value: float, more_digits: int = 0) -> str:
        """Returns a figure for a narrow column, e.g. '4.32' or '93.1%'."""
        return self.number(value, more_digits) + (self.symbol if self.symbol == "%" else "")


YEARS = Unit("years", factor=1, digits=2, of_change="years", bounds={"gt": 0})
# A fraction 0..1 of the records, written in per cent.
FRACTION = Unit("%", factor=100, digits=1, of_change="points", bounds={"ge": 0, "le": 1})
NUMBER = Unit("", factor=1, digits=3, of_change="")
UNITS = {unit.symbol: unit for unit in (YEARS, FRACTION, NUMBER)}


@dataclass(frozen=True)
class Limits:
    """The limits of a metric that the configuration can set.

    Attributes:
        required: whether the configuration must name the limit for all test records, even as null.
        change: default limit on the loss against the blessed model; None: no such setting.
    """

    required: bool = False
    change: float | None = None


@dataclass(frozen=True)
class MetricSpec:
    """One metric.

    Attributes:
        name: in settings and JSON files, e.g. 'age_mae'.
        title: for people, e.g. 'Mean absolute error of the age'.
        short: heading of a narrow column, e.g. 'age MAE'.
        unit: of the figure.
        better: which figures are better; 'nominal': those nearest to `nominal`.
        target: the predicted quantity.
        values: called with `y_true` and `y_pred`; returns what the metric takes from each record (`record_values`).
        summary: called with these values and with weights; returns the figure under each row of weights (`summaries`).
        nominal: the best figure where `better` is 'nominal': 0 of a bias, 0.9 of the coverage of a central 90 %.
        caption: below the figure at the top of the model card; without one the title.
        group_heading: of its column in the model card's tables of groups; '' for no column.
        undefined: a reason why there may be no figure although truths are known.
        limits: the limits that the configuration can set; None: none. `pipeline_config.yaml` names every limit.
        of_people: takes the place of `summary` where the figure depends on which records show the same person. It is
            called with the values and each record's person; the figure has no replicates and no interval.
        reports: where the figure appears. 'tflite' has no age groups.
    """

    name: str
    title: str
    short: str
    unit: Unit
    better: Literal["lower", "higher", "nominal"]
    target: Target
    values: RecordValues
    summary: Summary = summaries.mean
    nominal: float = 0.0
    caption: str = ""
    group_heading: str = ""
    undefined: str = "predictions are not finite numbers"
    limits: Limits | None = None
    of_people: SummaryOfPeople | None = None
    reports: tuple[Report, ...] = ("evaluation",)

    def __post_init__(self) -> None:
        # An absolute limit would bound the figure, not its distance from the nominal value.
        assert not (self.better == "nominal" and self.limits), f"{self.name}: a nominal figure has no limits"

    def measure(self, y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float | None:
        """Returns the figure over the records of `mask`, bool [n], or None where there is no record or no number.

        Each record counts as a person of its own.
        """
        import numpy as np

        if not mask.any():
            return None
        return self.figure(self.values(y_true[mask], y_pred[mask]), np.arange(mask.sum()))

    def figure(self, values: np.ndarray, clusters: np.ndarray) -> float | None:
        """Returns the figure of records; None where it is not a finite number.

        Args:
            values: of the n records, as `summary` takes them.
            clusters: number of each record's person, int [n].
        """
        import numpy as np

        if self.of_people is not None:
            value = self.of_people(values, clusters)
        else:
            value = float(self.summary(values, np.ones((1, len(values))))[0])
        return value if math.isfinite(value) else None

    def worsening(self, value: Numbers, reference: Numbers) -> Numbers:
        """Returns by how much `value` is worse than `reference`, numbers or arrays; negative: better."""
        if self.better == "nominal":
            return abs(value - self.nominal) - abs(reference - self.nominal)
        # Not -0.0, which would be shown with its sign.
        return (value - reference if self.better == "lower" else reference - value) + 0.0

    def best(self, values: Sequence[float]) -> float:
        """Returns the best of several figures."""
        if self.better == "nominal":
            return min(values, key=lambda value: abs(value - self.nominal))
        return min(values) if self.better == "lower" else max(values)

    @property
    def head(self) -> Literal["age", "gender"]:
        """Returns the network's head that predicts the target."""
        return "gender" if self.target in ("gender", "gender_probability") else "age"

    @property
    def not_predicted(self) -> str:
        """Returns the reason why there is no figure of a model, or of another system, that lacks the output."""
        return f"no prediction of {_OUTPUTS.get(self.target) or f'the {self.head}'}"

    @property
    def no_truths(self) -> str:
        """Returns the reason why there is no figure of records whose label is unknown."""
        return _NO_TRUTHS.get(self.target, f"no record of known {self.head}")

    def hits(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns the records that a fraction counts and which of them are hits.

        Args:
            values: of the records, as `summary` takes them.

        Returns:
            Hits, 1 or 0, float [m], and bool [n], which of the n records the m are; None for a figure that is no
            fraction of records.
        """
        import numpy as np

        if self.unit is not FRACTION:
            return None
        if self.summary is summaries.ratio_of_sums:
            counted = values[:, 1] > 0
            return values[counted, 0], counted
        return values, np.ones(len(values), bool)

    @property
    def heading(self) -> str:
        """Returns the heading of a column of plain numbers, e.g. 'age MAE' or 'gender %'."""
        return f"{self.short} %" if self.unit is FRACTION else self.short

    @property
    def limit_name(self) -> str:
        """Returns the setting that limits it, e.g. 'age_mae_max'."""
        return f"{self.name}_{'min' if self.better == 'higher' else 'max'}"

    @property
    def change_limit_name(self) -> str:
        """Returns the setting that limits the change from the blessed model, e.g. 'age_mae_increase_max'."""
        return f"{self.name}_{'decrease' if self.better == 'higher' else 'increase'}_max"

    @property
    def gap_limit_name(self) -> str:
        """Returns the setting that limits how much worse a group may be than all records, e.g. 'age_mae_gap_max'."""
        return f"{self.name}_gap_max"
