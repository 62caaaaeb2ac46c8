"""TFMA's evaluation configuration, made from the settings of the gate."""

from collections.abc import Sequence

from tensorflow_model_analysis.proto import config_pb2

from components.evaluator import metric_names
from components.evaluator.settings import EvaluatorSettings, SliceGate
from visage.data.labels import AGE_GROUPS
from visage.evaluation.metrics import Limits, MetricSpec, metrics_of


def make_eval_config(
    settings: EvaluatorSettings, *, has_age: bool = True, has_gender: bool = True
) -> config_pb2.EvalConfig:
    """Returns the TFMA configuration of the gate for the outputs that the model has.

    Records of unknown age (gender) have weight 0 in the age (gender) metrics. A limit applies only to the slice that
    it names. TFMA applies an ordinary threshold to every slice, however small, so each limit is an entry of
    `per_slice_thresholds`, where an empty `SlicingSpec` means all records.
    """
    features = dict.fromkeys([*settings.slices, *(gate.feature for gate in settings.slice_gates)])
    heads = {"age": has_age, "gender": has_gender}
    metrics = [spec for spec in metrics_of("evaluation") if heads[spec.head]]
    outputs = list(dict.fromkeys(metric_names.output_of(spec) for spec in metrics))
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name="evaluate",
                label_keys={output: _LABELS[output][0] for output in outputs},
                example_weight_keys={output: _LABELS[output][1] for output in outputs},
            )
        ],
        metrics_specs=[
            _count_specs(),
            *(
                _specs(output, [spec for spec in metrics if metric_names.output_of(spec) == output], settings)
                for output in outputs
            ),
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=[feature]) for feature in features),
        ],
    )


# For each output: the features that hold its label, and 1 where the label is known (else 0).
_LABELS = {
    metric_names.AGE_OUTPUT: ("age", "age_known"),
    metric_names.AGE_GROUP_OUTPUT: (metric_names.AGE_GROUP_RIGHT, metric_names.AGE_GROUP_KNOWN),
    metric_names.AGE_GROUP_INDEX: ("age_group", metric_names.AGE_GROUP_KNOWN),
    metric_names.GENDER_OUTPUT: ("gender_label", "gender_known"),
}
# TFMA metrics besides those of the registry, which `slices.py` reads.
_BEFORE = {output: [("ExampleCount", metric_names.KNOWN_COUNT)] for output in ("age", metric_names.GENDER_OUTPUT)}
_BEHIND = {metric_names.GENDER_OUTPUT: [("MeanLabel", metric_names.MALE_FRACTION)]}


def _count_specs() -> config_pb2.MetricsSpec:
    return config_pb2.MetricsSpec(
        metrics=[_tfma_metric("ExampleCount", metric_names.EXAMPLE_COUNT)],
        example_weights=config_pb2.ExampleWeightOptions(unweighted=True),
    )


def _specs(output: str, metrics: Sequence[MetricSpec], settings: EvaluatorSettings) -> config_pb2.MetricsSpec:
    """Returns the metrics of one output of the model."""
    return config_pb2.MetricsSpec(
        output_names=[output],
        metrics=[
            *(_tfma_metric(*counted) for counted in _BEFORE.get(output, ())),
            *(_metric(spec, settings) for spec in metrics),
            *(_tfma_metric(*counted) for counted in _BEHIND.get(output, ())),
        ],
        example_weights=config_pb2.ExampleWeightOptions(weighted=True),
    )


def _metric(spec: MetricSpec, settings: EvaluatorSettings) -> config_pb2.MetricConfig:
    thresholds = _thresholds(spec, spec.limits, settings) if spec.limits else []
    if spec.name in metric_names.TFMA_CLASSES:
        return _tfma_metric(metric_names.TFMA_CLASSES[spec.name], spec.name, thresholds)
    metric = _tfma_metric("RegistryMetric", spec.name, thresholds)
    metric.module = "components.evaluator.registry_metric"
    return metric


def _tfma_metric(
    class_name: str, name: str, thresholds: Sequence[config_pb2.PerSliceMetricThreshold] = ()
) -> config_pb2.MetricConfig:
    return config_pb2.MetricConfig(
        class_name=class_name, config=f'{{"name": "{name}"}}', per_slice_thresholds=thresholds
    )


def _thresholds(
    spec: MetricSpec, limits: Limits, settings: EvaluatorSettings
) -> list[config_pb2.PerSliceMetricThreshold]:
    """Returns the limits of a metric: first the limit on all records, then the limits on groups."""
    thresholds = []
    limit = getattr(settings, spec.limit_name)
    change = None if limits.change is None else getattr(settings, spec.change_limit_name)
    if limit is not None or change is not None:
        threshold = config_pb2.MetricThreshold(
            value_threshold=_value(spec, limit), change_threshold=_change(spec, change)
        )
        thresholds.append(
            config_pb2.PerSliceMetricThreshold(slicing_specs=[config_pb2.SlicingSpec()], threshold=threshold)
        )
    for gate in settings.slice_gates if limits.in_groups else ():
        limit = getattr(gate, spec.limit_name)
        if limit is not None:
            threshold = config_pb2.MetricThreshold(value_threshold=_value(spec, limit))
            thresholds.append(config_pb2.PerSliceMetricThreshold(slicing_specs=[_group(gate)], threshold=threshold))
    return thresholds


def _group(gate: SliceGate) -> config_pb2.SlicingSpec:
    # `age_group` is an index in the written examples.
    value = str(AGE_GROUPS.index(gate.value)) if gate.feature == "age_group" else gate.value
    return config_pb2.SlicingSpec(feature_values={gate.feature: value})


def _value(spec: MetricSpec, limit: float | None) -> config_pb2.GenericValueThreshold | None:
    if limit is None:
        return None
    if spec.better == "lower":
        return config_pb2.GenericValueThreshold(upper_bound={"value": limit})
    return config_pb2.GenericValueThreshold(lower_bound={"value": limit})


def _change(spec: MetricSpec, limit: float | None) -> config_pb2.GenericChangeThreshold | None:
    if limit is None:
        return None
    if spec.better == "lower":
        return config_pb2.GenericChangeThreshold(
            direction=config_pb2.MetricDirection.LOWER_IS_BETTER, absolute={"value": limit}
        )
    return config_pb2.GenericChangeThreshold(
        direction=config_pb2.MetricDirection.HIGHER_IS_BETTER, absolute={"value": -limit}
    )
