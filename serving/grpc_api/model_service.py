"""Answers tensorflow.serving.ModelService."""

from __future__ import annotations

import re
from typing import Any

import grpc

from serving.access_log import RequestRecord
from serving.core.model_server import ModelServer
from serving.grpc_api.calls import Calls
from serving.grpc_api.model_specs import required_spec
from visage.tf_serving_api import messages
from visage.tf_serving_api.codes import Code

SERVICE = "tensorflow.serving.ModelService"

_VersionStatus = messages.message_class("tensorflow.serving.ModelVersionStatus")


class ModelService:
    """The methods that show and change which models are served."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server

    def handlers(self, calls: Calls) -> grpc.GenericRpcHandler:
        """Returns gRPC's handler of the service."""
        methods = {
            "GetModelStatus": (messages.GetModelStatusRequest, self._status),
            "HandleReloadConfigRequest": (messages.ReloadConfigRequest, self._reload),
        }
        handlers = {name: calls.handler(SERVICE, name, *method) for name, method in methods.items()}
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    async def _status(self, request: Any, call: RequestRecord) -> Any:
        response = messages.GetModelStatusResponse()
        for version in self._server.status(required_spec(request, call)):
            added = response.model_version_status.add(
                version=version.version, state=_VersionStatus.State.Value(version.state)
            )
            added.status.error_code = int(version.code)
            added.status.error_message = version.message
        return response

    async def _reload(self, request: Any, call: RequestRecord) -> Any:
        before = self._first_values(request.metric_names)
        await self._server.reload(request.config)
        response = messages.ReloadConfigResponse()
        response.status.error_code = int(Code.OK)
        for name, value in self._first_values(request.metric_names).items():
            response.metric.add(name=name, int64_value_increase=value - before[name])
        return response

    def _first_values(self, names: Any) -> dict[str, int]:
        """Returns each metric's value under its first labels; 0 for one that is not kept."""
        if not names:
            return {}
        text = self._server.metrics.text()
        values = {}
        for name in names:
            found = re.search(rf"^{re.escape(name.replace('/', ':'))}(?:{{.*}})? (\d+)$", text, re.MULTILINE)
            values[name] = int(found[1]) if found else 0
        return values
