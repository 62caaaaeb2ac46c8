"""Metrics of a model on groups of test records."""

import math
from dataclasses import dataclass, field
from typing import Any

from components.evaluator import metric_names
from visage.data.labels import AGE_GROUPS, UNKNOWN
from visage.evaluation.metrics import METRICS, MetricSpec, Scores, metrics_of
from visage.folder_alias import folder_alias

OVERALL = "overall"


@dataclass(frozen=True)
class SliceMetrics:
    """Metrics of a model on one group of test records; None where a metric could not be measured.

    Attributes:
        feature: 'gender', 'age_group', 'race' or 'source'; '' for all records.
        value: of that feature, e.g. 'female', '25-32' or 'unknown'; '' for all records.
        count: number of test records in the group.
        age_count: number of records of known age.
        gender_count: number of records of known gender.
        scores: the metrics that the evaluation reports, by name.
    """

    feature: str = ""
    value: str = ""
    count: int = 0
    age_count: int = 0
    gender_count: int = 0
    scores: Scores = field(default_factory=lambda: dict.fromkeys(spec.name for spec in metrics_of("evaluation")))

    @property
    def name(self) -> str:
        """Returns 'overall', or e.g. 'gender female'."""
        return slice_name(self.feature, self.value)

    def why_not_measured(self, metric: str) -> str | None:
        """Returns the reason why a metric is None, e.g. 'no test record of known age'; None where it was measured."""
        if self.scores.get(metric) is not None:
            return None
        if not self.count:
            return "no such test record"
        spec = METRICS[metric]
        known = {"age": self.age_count, "gender": self.gender_count}[spec.head]
        return spec.undefined if known else f"no test record of known {spec.head}"

    def to_json(self) -> dict[str, Any]:
        """Returns one flat object, with the names of the metrics as keys."""
        of_group = {name: getattr(self, name) for name in ("feature", "value", "count", "age_count", "gender_count")}
        return {**of_group, **self.scores}


def slice_name(feature: str, value: str) -> str:
    """Returns 'overall' where there is no feature, else e.g. 'gender female'."""
    return f"{feature} {value}" if feature else OVERALL


def slice_label(feature: str, value: Any) -> str:
    """Returns the display value of a feature; `age_group` is an index in the written examples."""
    if feature != "age_group":
        return str(value)
    return AGE_GROUPS[int(value)] if int(value) >= 0 else UNKNOWN


def read_slices(uri: str, model_name: str) -> dict[str, SliceMetrics]:
    """Reads the metrics of one model from TFMA's output.

    Args:
        uri: folder that TFX's Evaluator wrote.
        model_name: name of the model in the evaluation's configuration; '' where there is no baseline.

    Returns:
        Metrics by slice name, in order: overall, then by feature; age groups by age, unknown last.
    """
    import tensorflow_model_analysis as tfma

    with folder_alias(uri) as folder:
        result = tfma.load_eval_result(folder, model_name=model_name)
    features = [spec.feature_keys[0] if spec.feature_keys else "" for spec in result.config.slicing_specs]
    found = [_slice_metrics(key, metrics) for key, metrics in result.slicing_metrics]
    return {metrics.name: metrics for metrics in sorted(found, key=lambda metrics: _order(metrics, features))}


def _slice_metrics(key: tuple[tuple[str, Any], ...], metrics: dict[str, Any]) -> SliceMetrics:
    feature, value = key[0] if key else ("", "")
    age, gender = metric_names.AGE_OUTPUT, metric_names.GENDER_OUTPUT
    return SliceMetrics(
        feature=feature,
        value=slice_label(feature, value),
        count=int(_number(metrics, "", metric_names.EXAMPLE_COUNT) or 0),
        age_count=int(_number(metrics, age, metric_names.KNOWN_COUNT) or 0),
        gender_count=int(_number(metrics, gender, metric_names.KNOWN_COUNT) or 0),
        scores={
            spec.name: _score(spec, metrics) if spec.in_groups or not feature else None
            for spec in metrics_of("evaluation")
        },
    )


def _score(spec: MetricSpec, metrics: dict[str, Any]) -> float | None:
    # TFMA returns 0 where there is no ROC curve.
    if metric_names.TFMA_CLASSES.get(spec.name) == "AUC":
        male_fraction = _number(metrics, metric_names.GENDER_OUTPUT, metric_names.MALE_FRACTION)
        if male_fraction is None or not 0 < male_fraction < 1:
            return None
    return _number(metrics, metric_names.output_of(spec), spec.name)


def _number(metrics: dict[str, Any], output: str, name: str) -> float | None:
    if output not in metrics:  # The model does not have this output.
        return None
    number = float(metrics[output][""][name]["doubleValue"])
    return number if math.isfinite(number) else None


def _order(metrics: SliceMetrics, features: list[str]) -> tuple[int, bool, int, str]:
    age_group = AGE_GROUPS.index(metrics.value) if metrics.value in AGE_GROUPS else 0
    return features.index(metrics.feature), metrics.value == UNKNOWN, age_group, metrics.value
