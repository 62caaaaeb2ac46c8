"""The gates of an evaluation: each limit and the value measured against it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.evaluator.slices import SliceMetrics, slice_label, slice_name
from visage.evaluation.metrics import METRICS

if TYPE_CHECKING:
    from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2, validation_result_pb2

_Failure = tuple[str, str, bool, float]


@dataclass(frozen=True)
class Gate:
    """One limit and the value measured against it.

    Attributes:
        name: the setting that holds the limit, e.g. 'age_mae_max'.
        slice: 'overall', or e.g. 'gender female'.
        measured: in the unit of the metric (years, or a fraction 0..1). For a change: how much worse the model is
            than the baseline (negative: better). None where it cannot be measured; the gate then fails.
        limit: the highest value allowed if `name` ends in '_max', else the lowest.
        passed: as TFMA decided.
        baseline: the blessed model's value of the same metric; None without a blessed model.
        why_not_measured: one line where `measured` is None, e.g. 'no test record of known age'.
    """

    name: str
    slice: str
    measured: float | None
    limit: float
    passed: bool
    baseline: float | None = None
    why_not_measured: str | None = None

    @property
    def relation(self) -> str:
        """Returns 'at most' or 'at least'."""
        return "at most" if self.name.endswith("_max") else "at least"


def read_gates(
    config: "config_pb2.EvalConfig",
    validation: "validation_result_pb2.ValidationResult",
    candidate: dict[str, SliceMetrics],
    baseline: dict[str, SliceMetrics],
) -> list[Gate]:
    """Returns one gate for each limit, in the order of the settings.

    Args:
        config: the configuration of the evaluation, which holds the limits.
        validation: the limits that were not met.
        candidate: the metrics of the evaluated model, by slice name.
        baseline: the metrics of the blessed model, by slice name; empty without one.
    """
    failures = set(_failures(validation))
    missing = {_spec_name(spec) for spec in validation.missing_slices}
    gates = []
    for metric, place, threshold in _thresholds(config):
        spec, metrics = METRICS[metric], candidate.get(place, SliceMetrics())
        measured, why_not = metrics.scores.get(metric), metrics.why_not_measured(metric)
        before = baseline.get(place, SliceMetrics()).scores.get(metric)
        if threshold.HasField("value_threshold"):
            limit = _value_limit(threshold.value_threshold)
            passed = place not in missing and (place, metric, False, limit) not in failures
            gates.append(Gate(spec.limit_name, place, measured, limit, passed, before, why_not))
        if threshold.HasField("change_threshold"):
            absolute = threshold.change_threshold.absolute.value
            passed = place not in missing and (place, metric, True, absolute) not in failures
            worse = None if measured is None or before is None else spec.worsening(measured, before)
            if worse is None and why_not is None:
                why_not = "predictions of the blessed model are not finite numbers"
            # TFMA stores the limit of a decrease as a negative number.
            gates.append(Gate(spec.change_limit_name, place, worse, abs(absolute), passed, before, why_not))
    return gates


def _thresholds(config: "config_pb2.EvalConfig") -> Iterator[tuple[str, str, "config_pb2.MetricThreshold"]]:
    for specs in config.metrics_specs:
        for metric in specs.metrics:
            for limited in metric.per_slice_thresholds:
                yield json.loads(metric.config)["name"], _spec_name(limited.slicing_specs[0]), limited.threshold


def _value_limit(threshold: "config_pb2.GenericValueThreshold") -> float:
    bound = threshold.upper_bound if threshold.HasField("upper_bound") else threshold.lower_bound
    return bound.value


def _failures(validation: "validation_result_pb2.ValidationResult") -> Iterator[_Failure]:
    for part in validation.metric_validations_per_slice:
        keys = part.slice_key.single_slice_keys
        place = slice_name(keys[0].column, _key_label(keys[0])) if keys else slice_name("", "")
        for failure in part.failures:
            threshold = failure.metric_threshold
            if threshold.HasField("change_threshold"):
                yield place, failure.metric_key.name, True, threshold.change_threshold.absolute.value
            else:
                yield place, failure.metric_key.name, False, _value_limit(threshold.value_threshold)


def _key_label(key: "metrics_for_slice_pb2.SingleSliceKey") -> str:
    value = getattr(key, key.WhichOneof("kind"))
    return slice_label(key.column, value.decode() if isinstance(value, bytes) else value)


def _spec_name(spec: "config_pb2.SlicingSpec") -> str:
    for feature, value in spec.feature_values.items():
        return slice_name(feature, slice_label(feature, value))
    return slice_name("", "")
