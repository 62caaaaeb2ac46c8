"""HandleReloadConfigRequest changes what is served, or is refused with the cause."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.serving.conformance.grpc_cases import spec
from tests.serving.grpc_api.running_server import RunningServer, error_of, running_server
from visage.tf_serving_api import messages

pytestmark = pytest.mark.one_stack

RELOAD = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"


def test_models_and_labels_are_added_and_taken_away(served_models: Path) -> None:
    battery, visage = served_models / "battery", served_models / "visage"
    with running_server(served_models) as server:
        assert reload(server, ("battery", battery, {}), ("visage", visage, {"stable": 5})).status.error_code == 0
        assert versions(server, "visage") == [5]
        assert versions(server, "battery") == [1]

        reload(server, ("visage", visage, {}))
        assert versions(server, "visage") == [5]
        code, text = error_of(versions, server, "battery")
        assert (code, text) == (grpc.StatusCode.NOT_FOUND, "Could not find any versions of model battery")


def test_a_wrong_configuration_changes_nothing(served_models: Path) -> None:
    battery = served_models / "battery"
    with running_server(served_models) as server:
        cases: list[tuple[Any, grpc.StatusCode, str]] = [
            (
                [("battery", battery, {})] * 2,
                grpc.StatusCode.INVALID_ARGUMENT,
                "Illegal to list model battery multiple times in config list",
            ),
            (
                [("battery", Path("models/battery"), {})],
                grpc.StatusCode.INVALID_ARGUMENT,
                "Expected model battery to have an absolute path or URI; got base_path()=models/battery",
            ),
            (
                [("battery", battery, {"stable": 9})],
                grpc.StatusCode.FAILED_PRECONDITION,
                "Request to assign label to version 9 of model battery, which is not currently available for inference",
            ),
        ]
        for models, code, text in cases:
            assert error_of(reload, server, *models) == (code, text)
            assert versions(server, "battery") == [1]
            assert server.predict()


def test_the_increase_of_metrics_is_reported(served_models: Path) -> None:
    with running_server(served_models) as server:
        server.predict()
        names = ["/tensorflow/serving/request_count", "/tensorflow/serving/unknown"]

        response = reload(server, ("battery", served_models / "battery", {}), metrics=names)

        assert [(one.name, one.int64_value_increase) for one in response.metric] == [(name, 0) for name in names]


def reload(server: RunningServer, *models: tuple[str, Path, dict[str, int]], metrics: list[str] | None = None) -> Any:
    request = messages.ReloadConfigRequest(metric_names=metrics or [])
    for name, folder, labels in models:
        request.config.model_config_list.config.add(
            name=name, base_path=str(folder), model_platform="tensorflow", version_labels=labels
        )
    return server.call(RELOAD, request, messages.ReloadConfigResponse)


def versions(server: RunningServer, model: str) -> list[int]:
    request = messages.GetModelStatusRequest(model_spec=spec(model))
    response = server.call(STATUS, request, messages.GetModelStatusResponse)
    available = 30
    return [one.version for one in response.model_version_status if one.state == available]
