"""A TFMA metric that calls a function of `METRICS`, so that a new metric needs no combiner of its own.

TFMA imports this module by the name in the evaluation configuration.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_util

from visage.evaluation.metrics import METRICS

# Label, prediction and weight of each record.
_Records = list[tuple[float, float, float]]


class RegistryMetric(tfma.metrics.Metric):
    """The metric of `METRICS` with a given name; the predictions of a slice are in memory at once."""

    def __init__(self, name: str) -> None:
        """Names the metric; TFMA passes the name from the configuration."""
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)


def _computations(
    name: str,
    eval_config: tfma.EvalConfig,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
    **_: Any,
) -> list[tfma.metrics.MetricComputation]:
    key = tfma.metrics.MetricKey(
        name=name, model_name=model_name, output_name=output_name, example_weighted=example_weighted
    )
    combiner = _Combiner(key, eval_config)
    return [tfma.metrics.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]


class _Combiner(beam.CombineFn):
    """A combiner that gathers the records of a slice and measures them at once."""

    def __init__(self, key: tfma.metrics.MetricKey, eval_config: tfma.EvalConfig) -> None:
        self._key = key
        self._eval_config = eval_config

    def create_accumulator(self) -> _Records:
        return []

    def add_input(self, records: _Records, inputs: Any) -> _Records:
        for one in metric_util.to_label_prediction_example_weight(
            inputs,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._key.example_weighted,
        ):
            truth, prediction, weight = (float(np.asarray(value).item()) for value in one)
            records.append((truth, prediction, weight))
        return records

    def merge_accumulators(self, accumulators: Iterable[_Records]) -> _Records:
        return [record for records in accumulators for record in records]

    def extract_output(self, records: _Records) -> dict[tfma.metrics.MetricKey, float]:
        y_true, y_pred, weight = np.array(records, float).reshape(-1, 3).T
        value = METRICS[self._key.name].measure(y_true, y_pred, weight > 0)
        return {self._key: np.nan if value is None else value}
