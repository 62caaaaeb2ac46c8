"""The configuration of TensorFlow Serving is what its messages accept, and fits the models that VisAge pushes."""

from pathlib import Path

import pytest

from serving.core.model_config import read_batching_parameters, read_models_config, read_monitoring_config
from tests.helpers.project import PROJECT
from visage.saved_model.warmup_requests import BATCH_SIZES

pytestmark = pytest.mark.one_stack

FOLDER = PROJECT / "serving" / "tf_serving"


def test_the_model_has_a_stable_and_a_canary_version_of_those_that_are_served() -> None:
    (model,) = read_models_config(FOLDER / "models.config")
    assert (model.name, model.base_path) == ("visage", Path("/models/visage"))
    assert set(model.labels) == {"stable", "canary"}
    assert set(model.labels.values()) <= model.policy.specific


def test_a_batch_holds_the_largest_warm_up_request() -> None:
    # TensorFlow Serving batches warm-up requests, too, and a refused one fails the load of every version.
    parameters = read_batching_parameters(FOLDER / "batching.config")
    assert parameters.max_batch_size.value >= max(BATCH_SIZES)


def test_a_request_does_not_wait_for_others() -> None:
    parameters = read_batching_parameters(FOLDER / "batching.config")
    assert parameters.HasField("batch_timeout_micros")
    assert parameters.batch_timeout_micros.value == 0
    assert parameters.max_enqueued_batches.value > 0


def test_metrics_have_the_path_that_prometheus_reads_by_default() -> None:
    monitoring = read_monitoring_config(FOLDER / "monitoring.config")
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == "/monitoring/prometheus/metrics"
