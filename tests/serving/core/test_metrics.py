"""Prometheus's text format under TensorFlow Serving's names."""

import pytest

from serving.core.errors import Code
from serving.core.metrics import Metrics

pytestmark = pytest.mark.one_stack


def test_requests_are_counted_by_model_and_outcome() -> None:
    metrics = Metrics()
    for code in (Code.OK, Code.OK, Code.INVALID_ARGUMENT):
        metrics.count_request("visage", code)
    assert metrics.text() == (
        "# TYPE :tensorflow:serving:request_count counter\n"
        ':tensorflow:serving:request_count{model_name="visage",status="OK"} 2\n'
        ':tensorflow:serving:request_count{model_name="visage",status="INVALID_ARGUMENT"} 1\n'
    )


def test_latencies_are_a_cumulative_histogram_in_microseconds() -> None:
    metrics = Metrics()
    for seconds in (5e-6, 15e-6, 1e9):
        metrics.observe_latency("visage", "predict", "REST", seconds)
    lines = metrics.text().splitlines()
    labels = 'model_name="visage",API="predict",entrypoint="REST"'
    buckets = [line for line in lines if "_bucket" in line]
    assert len(buckets) == 34
    assert buckets[:3] == [
        f':tensorflow:serving:request_latency_bucket{{{labels},le="{bound}"}} {count}'
        for bound, count in (("10", 1), ("18", 2), ("32.4", 2))
    ]
    assert buckets[-1] == f':tensorflow:serving:request_latency_bucket{{{labels},le="+Inf"}} 3'
    assert lines[-1] == f":tensorflow:serving:request_latency_count{{{labels}}} 3"


def test_names_of_models_are_escaped() -> None:
    metrics = Metrics()
    metrics.count_request('a"\\\n', Code.OK)
    assert r'model_name="a\"\\\n"' in metrics.text()
