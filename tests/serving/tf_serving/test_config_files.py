"""The configuration of TensorFlow Serving is what its messages accept, and fits the models that VisAge pushes."""

import asyncio
import shutil
from pathlib import Path

import pytest

from serving.core.model_config import read_batch_limits, read_models_config, read_monitoring_config
from serving.core.model_server import ModelServer
from serving.core.model_spec import ModelSpec
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
    assert read_batch_limits(FOLDER / "batching.config").max_batch_size >= max(BATCH_SIZES)


def test_metrics_have_the_path_that_prometheus_reads_by_default() -> None:
    monitoring = read_monitoring_config(FOLDER / "monitoring.config")
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == "/monitoring/prometheus/metrics"


def test_the_embedded_server_serves_by_these_files(saved_model: Path, tmp_path: Path) -> None:
    for number in ("1", "2"):
        shutil.copytree(saved_model, tmp_path / "visage" / number)
    shipped = (FOLDER / "models.config").read_text(encoding="utf-8")
    (tmp_path / "models.config").write_text(shipped.replace("/models/visage", str(tmp_path / "visage")))

    async def served() -> list[int]:
        models = read_models_config(tmp_path / "models.config")
        server = ModelServer(models, batch_limits=read_batch_limits(FOLDER / "batching.config"), poll_seconds=0.05)
        await server.start()
        versions = []
        for label in ("stable", "canary"):
            with server.acquire(ModelSpec("visage", label=label)) as servable:
                versions.append(servable.version)
        await server.close()
        return versions

    assert asyncio.run(served()) == [1, 2]
