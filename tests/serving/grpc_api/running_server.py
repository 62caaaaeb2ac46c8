"""Runs the gRPC front end on a real model in a thread, and calls it as a client does."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import grpc
import numpy as np

from serving.core.limits import Limits
from serving.core.model_config import ModelConfig
from serving.core.model_server import ModelServer
from serving.grpc_api.server import GrpcServer, make_grpc_server
from tests.helpers.limits import HANG_GUARD_SECONDS
from visage.tf_serving_api import messages
from visage.tf_serving_api.tensors import to_proto

PREDICT = "/tensorflow.serving.PredictionService/Predict"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
SERVING, NOT_SERVING = 1, 2

_Result = TypeVar("_Result")


class RunningServer:
    """A server that listens on a free port of this machine.

    Attributes:
        models: what it serves.
        server: the front end.
        address: for channels.
        channel: a client's.
    """

    def __init__(self, models: ModelServer, server: GrpcServer, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.models = models
        self.server = server
        self.address = f"127.0.0.1:{port}"
        self.channel = grpc.insecure_channel(self.address)
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Runs a coroutine in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG_GUARD_SECONDS)

    def predict(self, values: Sequence[float] = (1.5,), metadata: Any = None, **request: Any) -> Any:
        """Returns the response of `battery`'s default signature, which doubles the values.

        Raises:
            grpc.RpcError: the call failed.
        """
        return self.call(PREDICT, predict_request(values), messages.PredictResponse, metadata=metadata, **request)

    def call(self, path: str, request: Any, response: Any, **more: Any) -> Any:
        """Calls any method."""
        more.setdefault("timeout", HANG_GUARD_SECONDS)
        return self.method(path, response)(request, **more)

    def method(self, path: str, response: Any) -> Any:
        """Returns a method of the channel."""
        return self.channel.unary_unary(path, request_serializer=_serialize, response_deserializer=response.FromString)


@contextmanager
def running_server(
    folder: Path,
    limits: Limits | None = None,
    api_keys: Sequence[str] = (),
    credentials: grpc.ServerCredentials | None = None,
) -> Iterator[RunningServer]:
    """Serves the model `battery` of the conformance suite's folder."""
    loop = _loop()

    async def start() -> RunningServer:
        models = ModelServer([ModelConfig("battery", folder / "battery")], limits, poll_seconds=0.05)
        await models.start()
        server = make_grpc_server(models, api_keys)
        port = server.add_port("127.0.0.1", 0, credentials)
        await server.start()
        return RunningServer(models, server, port, loop)

    running = asyncio.run_coroutine_threadsafe(start(), loop).result(HANG_GUARD_SECONDS)
    try:
        yield running
    finally:
        running.channel.close()
        running.run(running.server.stop(0))
        running.run(running.models.close())


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """Returns the one event loop of all servers; grpcio cannot serve several in one process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def predict_request(values: Sequence[float]) -> Any:
    """Returns a PredictRequest for `battery`'s default signature."""
    request = messages.PredictRequest()
    request.model_spec.name = "battery"
    request.inputs["x"].CopyFrom(to_proto(np.array(values, np.float32)))
    return request


def error_of(function: Any, *arguments: Any, **named: Any) -> tuple[grpc.StatusCode, str]:
    """Returns the code and the text of the error that a call ends with."""
    try:
        function(*arguments, **named)
    except grpc.RpcError as error:
        return error.code(), error.details() or ""
    raise AssertionError("the call succeeded")


def _serialize(message: Any) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()
