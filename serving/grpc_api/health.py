"""Answers grpc.health.v1.Health, which load balancers and `grpc` probes of Kubernetes ask; it needs no API key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import grpc

from serving.core.model_server import ModelServer
from serving.grpc_api import model_service, prediction_service
from visage.tf_serving_api import messages

SERVICE = "grpc.health.v1.Health"

_NAMES = {"", SERVICE, prediction_service.SERVICE, model_service.SERVICE}
_Status = messages.HealthCheckResponse.ServingStatus
_LOOK_EVERY_SECONDS = 0.2


class Health:
    """SERVING while the server is ready; the same for each of its services and for the empty name."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Reports NOT_SERVING from now on, and ends the streams of all watchers."""
        self._closing.set()

    def handlers(self) -> grpc.GenericRpcHandler:
        """Returns gRPC's handler of the service."""
        codec = {
            "request_deserializer": messages.HealthCheckRequest.FromString,
            "response_serializer": messages.HealthCheckResponse.SerializeToString,
        }
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, **codec),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch, **codec),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _status(self) -> int:
        is_serving = self._server.ready and not self._closing.is_set()
        return int(_Status.Value("SERVING" if is_serving else "NOT_SERVING"))

    async def _check(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        if request.service not in _NAMES:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no service {request.service!r}")
        return messages.HealthCheckResponse(status=self._status())

    async def _watch(self, request: Any, _: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        if request.service not in _NAMES:
            yield messages.HealthCheckResponse(status=_Status.Value("SERVICE_UNKNOWN"))
            await self._closing.wait()
            return
        reported = None
        while not self._closing.is_set():
            if (status := self._status()) != reported:
                reported = status
                yield messages.HealthCheckResponse(status=status)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _LOOK_EVERY_SECONDS)
        yield messages.HealthCheckResponse(status=_Status.Value("NOT_SERVING"))
