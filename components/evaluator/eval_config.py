"""What TFMA measures and which limits bless a model, from the settings of the gate."""

from tensorflow_model_analysis.proto import config_pb2

from components.evaluator import metric_names
from components.evaluator.settings import EvaluatorSettings, SliceGate
from visage.data.labels import AGE_GROUPS


def make_eval_config(
    settings: EvaluatorSettings, *, has_age: bool = True, has_gender: bool = True
) -> config_pb2.EvalConfig:
    """The TFMA configuration of the gate, for the outputs that the model has.

    Records whose age (gender) is unknown weigh 0 in the age (gender) metrics. A limit holds for the slice it names and
    for no other: TFMA applies an ordinary threshold to every slice, however small, so each limit stands in
    `per_slice_thresholds`, where an empty `SlicingSpec` means all records together.
    """
    features = dict.fromkeys([*settings.slices, *(gate.feature for gate in settings.slice_gates)])
    label_keys, weight_keys, metrics_specs = {}, {}, [_count_specs()]
    if has_age:
        label_keys[metric_names.AGE_OUTPUT], weight_keys[metric_names.AGE_OUTPUT] = "age", "age_known"
        label_keys[metric_names.AGE_GROUP_OUTPUT] = metric_names.AGE_GROUP_RIGHT
        weight_keys[metric_names.AGE_GROUP_OUTPUT] = metric_names.AGE_GROUP_KNOWN
        metrics_specs += [_age_specs(settings), _age_group_specs(settings)]
    if has_gender:
        label_keys[metric_names.GENDER_OUTPUT], weight_keys[metric_names.GENDER_OUTPUT] = "gender_label", "gender_known"
        metrics_specs.append(_gender_specs(settings))
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(signature_name="evaluate", label_keys=label_keys, example_weight_keys=weight_keys)
        ],
        metrics_specs=metrics_specs,
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=[feature]) for feature in features),
        ],
    )


def _count_specs() -> config_pb2.MetricsSpec:
    return config_pb2.MetricsSpec(
        metrics=[_metric("ExampleCount", metric_names.EXAMPLE_COUNT)],
        example_weights=config_pb2.ExampleWeightOptions(unweighted=True),
    )


def _age_specs(settings: EvaluatorSettings) -> config_pb2.MetricsSpec:
    thresholds = _overall(_at_most(settings.age_mae_max), _grows_at_most(settings.age_mae_increase_max))
    for gate in settings.slice_gates:
        if gate.age_mae_max is not None:
            thresholds.append(_slice(gate, _at_most(gate.age_mae_max)))
    return config_pb2.MetricsSpec(
        output_names=[metric_names.AGE_OUTPUT],
        metrics=[
            _metric("ExampleCount", metric_names.KNOWN_COUNT),
            _metric("MeanAbsoluteError", metric_names.AGE_MAE, thresholds),
        ],
        example_weights=config_pb2.ExampleWeightOptions(weighted=True),
    )


def _age_group_specs(settings: EvaluatorSettings) -> config_pb2.MetricsSpec:
    thresholds = _overall(_at_least(settings.age_group_accuracy_min), None)
    return config_pb2.MetricsSpec(
        output_names=[metric_names.AGE_GROUP_OUTPUT],
        # The extractors have turned every answer into right, 1, or wrong, 0.
        metrics=[_metric("BinaryAccuracy", metric_names.AGE_GROUP_ACCURACY, thresholds)],
        example_weights=config_pb2.ExampleWeightOptions(weighted=True),
    )


def _gender_specs(settings: EvaluatorSettings) -> config_pb2.MetricsSpec:
    thresholds = _overall(
        _at_least(settings.gender_accuracy_min), _falls_at_most(settings.gender_accuracy_decrease_max)
    )
    for gate in settings.slice_gates:
        if gate.gender_accuracy_min is not None:
            thresholds.append(_slice(gate, _at_least(gate.gender_accuracy_min)))
    return config_pb2.MetricsSpec(
        output_names=[metric_names.GENDER_OUTPUT],
        metrics=[
            _metric("ExampleCount", metric_names.KNOWN_COUNT),
            _metric("BinaryAccuracy", metric_names.GENDER_ACCURACY, thresholds),
            _metric("AUC", metric_names.GENDER_AUC),
            _metric("MeanLabel", metric_names.MALE_FRACTION),
        ],
        example_weights=config_pb2.ExampleWeightOptions(weighted=True),
    )


def _metric(
    class_name: str, name: str, thresholds: list[config_pb2.PerSliceMetricThreshold] | None = None
) -> config_pb2.MetricConfig:
    return config_pb2.MetricConfig(
        class_name=class_name, config=f'{{"name": "{name}"}}', per_slice_thresholds=thresholds or []
    )


def _overall(
    value: config_pb2.GenericValueThreshold | None, change: config_pb2.GenericChangeThreshold | None
) -> list[config_pb2.PerSliceMetricThreshold]:
    """The limits on all records together; none where there is neither."""
    if value is None and change is None:
        return []
    threshold = config_pb2.MetricThreshold(value_threshold=value, change_threshold=change)
    return [config_pb2.PerSliceMetricThreshold(slicing_specs=[config_pb2.SlicingSpec()], threshold=threshold)]


def _slice(gate: SliceGate, value: config_pb2.GenericValueThreshold) -> config_pb2.PerSliceMetricThreshold:
    # The written examples number the age groups.
    value_written = str(AGE_GROUPS.index(gate.value)) if gate.feature == "age_group" else gate.value
    spec = config_pb2.SlicingSpec(feature_values={gate.feature: value_written})
    return config_pb2.PerSliceMetricThreshold(
        slicing_specs=[spec], threshold=config_pb2.MetricThreshold(value_threshold=value)
    )


def _at_most(limit: float | None) -> config_pb2.GenericValueThreshold | None:
    if limit is None:
        return None
    return config_pb2.GenericValueThreshold(upper_bound={"value": limit})


def _at_least(limit: float | None) -> config_pb2.GenericValueThreshold | None:
    if limit is None:
        return None
    return config_pb2.GenericValueThreshold(lower_bound={"value": limit})


def _grows_at_most(limit: float | None) -> config_pb2.GenericChangeThreshold | None:
    if limit is None:
        return None
    return config_pb2.GenericChangeThreshold(
        direction=config_pb2.MetricDirection.LOWER_IS_BETTER, absolute={"value": limit}
    )


def _falls_at_most(limit: float | None) -> config_pb2.GenericChangeThreshold | None:
    if limit is None:
        return None
    return config_pb2.GenericChangeThreshold(
        direction=config_pb2.MetricDirection.HIGHER_IS_BETTER, absolute={"value": -limit}
    )
