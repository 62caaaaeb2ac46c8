"""Defines the metrics: target, function, unit and display of each.

The table `METRICS` is their one owner. The settings of the gate, the tables, the model card and the JSON files take
names, units, directions and headings from it; CONTRIBUTING.md shows how to add one.

Settings modules read this module, and `visage --help` must not wait for NumPy: functions import it where they use it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from visage.evaluation import metric_functions

if TYPE_CHECKING:
    import numpy as np

Target = Literal["age", "age_group", "gender"]
Report = Literal["evaluation", "cross_validation", "tflite"]

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

    def cell(self, value: float, more_digits: int = 0) -> str:
        """Returns a figure for a narrow column, e.g. '4.32' or '93.1%'."""
        return self.number(value, more_digits) + (self.symbol if self.symbol == "%" else "")


YEARS = Unit("years", factor=1, digits=2, of_change="years", bounds={"gt": 0})
# A fraction 0..1 of the records, written in per cent.
FRACTION = Unit("%", factor=100, digits=1, of_change="points", bounds={"ge": 0, "le": 1})
NUMBER = Unit("", factor=1, digits=3, of_change="")


@dataclass(frozen=True)
class Limits:
    """The limits of a metric that the configuration can set.

    Attributes:
        required: whether the configuration must name the limit for all test records, even as null.
        change: default limit on the loss against the blessed model; None: no such setting.
        in_groups: whether `slice_gates` take a limit of a single group.
    """

    required: bool = False
    change: float | None = None
    in_groups: bool = True


@dataclass(frozen=True)
class MetricSpec:
    """One metric.

    Attributes:
        name: in settings and JSON files, e.g. 'age_mae'.
        title: for people, e.g. 'Mean absolute error of the age'.
        short: heading of a narrow column, e.g. 'age MAE'.
        unit: of the figure.
        better: which figures are better.
        target: the predicted quantity.
        function: called with `y_true`, `y_pred` and `mask`, arrays [n], as `metric_functions` defines them.
            Returns the figure over the records of `mask`, of which there is at least one, in years or as a fraction;
            None or a number that is not finite where there is none.
        caption: below the figure at the top of the model card; without one the title.
        group_heading: of its column in the model card's tables of groups; '' for no column.
        undefined: a reason why there may be no figure although truths are known.
        limits: the limits that the configuration can set; None: none. `pipeline_config.yaml` names every limit.
        in_groups: whether the evaluation measures single groups as well.
        reports: where the figure appears. 'tflite' has no age groups.
    """

    name: str
    title: str
    short: str
    unit: Unit
    better: Literal["lower", "higher"]
    target: Target
    function: Callable[[np.ndarray, np.ndarray, np.ndarray], float | None]
    caption: str = ""
    group_heading: str = ""
    undefined: str = "predictions are not finite numbers"
    limits: Limits | None = None
    in_groups: bool = True
    reports: tuple[Report, ...] = ("evaluation", "cross_validation", "tflite")

    def measure(self, y_true: np.ndarray, y_pred: np.ndarray, mask: np.ndarray) -> float | None:
        """Returns the figure over the records of `mask`, or None where there is no record or no finite number."""
        value = self.function(y_true, y_pred, mask) if mask.any() else None
        return value if value is not None and math.isfinite(value) else None

    def worsening(self, value: float, reference: float) -> float:
        """Returns by how much `value` is worse than `reference`; negative: better."""
        # Not -0.0, which would be shown with its sign.
        return (value - reference if self.better == "lower" else reference - value) + 0.0

    def best(self, values: Sequence[float]) -> float:
        """Returns the best of several figures."""
        return min(values) if self.better == "lower" else max(values)

    @property
    def head(self) -> Literal["age", "gender"]:
        """Returns the network's head that predicts the target."""
        return "gender" if self.target == "gender" else "age"

    @property
    def heading(self) -> str:
        """Returns the heading of a column of plain numbers, e.g. 'age MAE' or 'gender %'."""
        return f"{self.short} %" if self.unit is FRACTION else self.short

    @property
    def limit_name(self) -> str:
        """Returns the setting that limits it, e.g. 'age_mae_max'."""
        return f"{self.name}_{'max' if self.better == 'lower' else 'min'}"

    @property
    def change_limit_name(self) -> str:
        """Returns the setting that limits the change from the blessed model, e.g. 'age_mae_increase_max'."""
        return f"{self.name}_{'increase' if self.better == 'lower' else 'decrease'}_max"


METRICS = {
    spec.name: spec
    for spec in (
        MetricSpec(
            "age_mae",
            "Mean absolute error of the age",
            "age MAE",
            YEARS,
            "lower",
            "age",
            metric_functions.mean_absolute_error,
            caption="mean absolute error of the age",
            group_heading="Age error",
            limits=Limits(required=True, change=0.5),
        ),
        MetricSpec(
            "age_cs5",
            "Ages at most 5 years wrong",
            "CS@5",
            FRACTION,
            "higher",
            "age",
            metric_functions.cumulative_score_5,
            reports=("cross_validation",),
        ),
        MetricSpec(
            "age_group_accuracy",
            "Age group accuracy",
            "group",
            FRACTION,
            "higher",
            "age_group",
            metric_functions.class_accuracy,
            caption="age groups right, of eight",
            limits=Limits(in_groups=False),
            reports=("evaluation", "cross_validation"),
        ),
        MetricSpec(
            "age_group_one_off_accuracy",
            "Age groups right or next to the right one",
            "1-off",
            FRACTION,
            "higher",
            "age_group",
            metric_functions.one_off_accuracy,
            reports=("cross_validation",),
        ),
        MetricSpec(
            "gender_accuracy",
            "Gender accuracy",
            "gender",
            FRACTION,
            "higher",
            "gender",
            metric_functions.binary_accuracy,
            caption="genders right",
            group_heading="Gender right",
            limits=Limits(required=True, change=0.02),
        ),
        MetricSpec(
            "gender_auc",
            "Area under the gender ROC curve",
            "gender AUC",
            NUMBER,
            "higher",
            "gender",
            metric_functions.roc_auc,
            caption="area under the gender ROC curve",
            undefined="the test records of known gender are all of one gender",
            # Many groups are of one gender.
            in_groups=False,
            reports=("evaluation",),
        ),
    )
}


def metrics_of(report: Report) -> list[MetricSpec]:
    """Returns the metrics that appear in a report, in the order of `METRICS`."""
    # TFLite models do not predict an age group.
    lacks: tuple[Target, ...] = ("age_group",) if report == "tflite" else ()
    return [spec for spec in METRICS.values() if report in spec.reports and spec.target not in lacks]


def limited_metrics() -> list[tuple[MetricSpec, Limits]]:
    """Returns the metrics that the configuration can limit, in the order of `METRICS`, with what it can limit."""
    return [(spec, spec.limits) for spec in metrics_of("evaluation") if spec.limits is not None]


def metric_of_limit(setting: str) -> MetricSpec:
    """Returns the metric that a setting limits, e.g. that of 'age_mae_max' or of 'age_mae_increase_max'."""
    return next(spec for spec in METRICS.values() if setting in (spec.limit_name, spec.change_limit_name))


def is_known(target: Target, y_true: np.ndarray) -> np.ndarray:
    """Returns which truths are known, bool [n]: ages that are not NaN, groups and genders that are not negative."""
    # Only NaN differs from itself.
    return y_true == y_true if target == "age" else y_true >= 0


def score(report: Report, truths: Mapping[Target, np.ndarray], predictions: Mapping[Target, np.ndarray]) -> Scores:
    """Measures predictions by every metric of a report.

    Args:
        report: whose metrics.
        truths: by target, [n], as `metric_functions` describes `y_true`; where unknown, NaN for an age, else negative
            or NaN.
        predictions: by target, [n], as `metric_functions` describes `y_pred`, of what the model predicts.

    Returns:
        One figure a metric, over the records whose truth is known; None where no truth is known, the model does not
        predict the target, or no finite number comes out.
    """
    return {
        spec.name: spec.measure(
            truths[spec.target], predictions[spec.target], is_known(spec.target, truths[spec.target])
        )
        if spec.target in predictions and spec.target in truths
        else None
        for spec in metrics_of(report)
    }
