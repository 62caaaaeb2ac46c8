"""Answers grpc.health.v1.Health, which load balancers and `grpc` probes of Kubernetes call; it needs no API key."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from serving.core.errors import ServingError
from serving.core.model_server import ModelServer
from serving.grpc_api import model_service, prediction_service
from serving.grpc_api.calls import abort
from serving.grpc_api.received_messages import ReceivedMessages
from visage.tf_serving_api import messages
from visage.tf_serving_api.codes import Code

SERVICE = "grpc.health.v1.Health"
MOST_WATCHERS = 64
"""Streams of Watch that are open at the same time; more are refused."""

_NAMES = {"", SERVICE, prediction_service.SERVICE, model_service.SERVICE}
_Status = messages.HealthCheckResponse.ServingStatus
_LOOK_EVERY_SECONDS = 0.2
_REQUEST_SECONDS = 5.0
_REQUEST_BYTES = 1024


class Health:
    """SERVING while the server is ready; the same for each of its services and for the empty name.

    Callers without a key can call it. Hence its calls take none of the places of others.
    """

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._closing = asyncio.Event()
        self._watchers = 0
        limits = server.limits
        self._received = ReceivedMessages(
            replace(limits, request_seconds=_REQUEST_SECONDS, bodies_in_flight_bytes=limits.body_bytes)
        )

    def close(self) -> None:
        """Reports NOT_SERVING from now on, and ends the streams of all watchers."""
        self._closing.set()

    def handlers(self) -> grpc.GenericRpcHandler:
        """Returns gRPC's handler of the service."""
        # As in `Calls`: without gRPC's deserializer a request is read here, where its size and time are limited.
        methods = {
            "Check": grpc.stream_unary_rpc_method_handler(self._check),
            "Watch": grpc.stream_stream_rpc_method_handler(self._watch),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    async def _check(self, _: Any, context: grpc.aio.ServicerContext) -> bytes:
        service = await self._service(context)
        if service not in _NAMES:
            await abort(context, Code.NOT_FOUND, f"no service {service!r}")
        return _response(self._status())

    async def _watch(self, _: Any, context: grpc.aio.ServicerContext) -> None:
        service = await self._service(context)
        if self._watchers >= MOST_WATCHERS:
            await abort(context, Code.RESOURCE_EXHAUSTED, f"{self._watchers} callers watch already; call Check")
        self._watchers += 1
        try:
            await self._report(service, context)
        finally:
            self._watchers -= 1

    async def _report(self, service: str, context: grpc.aio.ServicerContext) -> None:
        if service not in _NAMES:
            await context.write(_response("SERVICE_UNKNOWN"))
            await self._closing.wait()
            return
        reported = None
        while not self._closing.is_set():
            if (status := self._status()) != reported:
                reported = status
                await context.write(_response(status))
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _LOOK_EVERY_SECONDS)
        await context.write(_response("NOT_SERVING"))

    async def _service(self, context: grpc.aio.ServicerContext) -> str:
        """Returns the name of the service in a request; ends the call if it is large, slow or no such message."""
        try:
            message = await self._received.receive(context)
            if len(message) > _REQUEST_BYTES:
                raise ServingError(Code.INVALID_ARGUMENT, f"a health check of {len(message)} bytes")
            return str(messages.HealthCheckRequest.FromString(message).service)
        except ServingError as error:
            await abort(context, error.code, error.message)
        except DecodeError as error:
            await abort(context, Code.INTERNAL, f"the message is no HealthCheckRequest: {error}")

    def _status(self) -> str:
        return "SERVING" if self._server.ready and not self._closing.is_set() else "NOT_SERVING"


def _response(status: str) -> bytes:
    return bytes(messages.HealthCheckResponse(status=_Status.Value(status)).SerializeToString())
