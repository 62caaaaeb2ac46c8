"""Runs a call from its message to its status: key, size, deadline, errors, metrics and log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import unquote

import grpc
from google.protobuf.message import DecodeError

from serving.access_log import RequestRecord, log_request
from serving.api_keys import ApiKeys
from serving.core.errors import ServingError
from serving.core.model_server import ModelServer
from serving.grpc_api.received_messages import ReceivedMessages
from serving.time_limit import TimeLimit
from visage.tf_serving_api.codes import Code

LARGE_BYTES = 256 * 2**10
"""From this size on, messages are parsed and written in a thread, so that the event loop goes on."""

_ERROR_BYTES = 1024
_STATUS_CODES = {status.value[0]: status for status in grpc.StatusCode}
_logger = logging.getLogger(__name__)


Run = Callable[[Any, RequestRecord], Awaitable[Any]]
"""Answers a request message with a response message; raises ServingError."""


class Calls:
    """Makes gRPC's handlers of methods.

    Attributes:
        running: calls that are received or answered now.
        received: their messages.
    """

    def __init__(self, server: ModelServer, api_keys: Sequence[str]) -> None:
        self.running = 0
        self.received = ReceivedMessages(server.limits)
        self._server = server
        self._limits = server.limits
        self._keys = ApiKeys(api_keys)

    def handler(
        self, service: str, method: str, request: Any, run: Run, *, is_measured: bool = False
    ) -> grpc.RpcMethodHandler:
        """Returns the handler of a method with one request and one response.

        Args:
            service: full name.
            method: name.
            request: class of its messages.
            run: answers them.
            is_measured: whether the metrics count it.
        """
        path = f"/{service}/{method}"

        async def handle(_: Any, context: grpc.aio.ServicerContext) -> bytes:
            call = RequestRecord(path, address_of(context.peer()))
            try:
                return await self._run(request, run, call, context)
            except ServingError as error:
                call.code, call.message = error.code, error.message
            except asyncio.CancelledError:
                is_late = context.time_remaining() == 0
                call.code = Code.DEADLINE_EXCEEDED if is_late else Code.CANCELLED
                raise
            except Exception:
                _logger.exception("%s failed", path)
                call.code, call.message = Code.INTERNAL, "internal error"
            finally:
                self._record(call, method if is_measured else None)
            await abort(context, call.code, call.message)

        # Without gRPC's deserializer the call is admitted, measured and parsed here. On the wire, a call that streams
        # one request is the same as one that does not.
        return grpc.stream_unary_rpc_method_handler(handle)

    async def _run(self, request: Any, run: Run, call: RequestRecord, context: grpc.aio.ServicerContext) -> bytes:
        metadata = dict(context.invocation_metadata() or ())
        self._keys.check(_bytes(metadata.get("authorization")), _bytes(metadata.get("x-api-key")))
        with self._counted():
            message = await self.received.receive(context)
            call.received_bytes = len(message)
            with self.received.held(len(message)):
                parsed = await _parse(request, message)
                # Each copy of 30 MB counts.
                del message
                work = run(parsed, call)
                del parsed
                remaining = context.time_remaining()
                limit = self._limits.request_seconds
                # A session that runs goes on; its outputs are dropped.
                with TimeLimit(limit if remaining is None else min(limit, remaining), _late):
                    response = await work
            answer = await in_thread_if(response.ByteSize() > LARGE_BYTES, response.SerializeToString)
            call.sent_bytes = len(answer)
            return answer

    @contextmanager
    def _counted(self) -> Iterator[None]:
        # grpcio's own `maximum_concurrent_rpcs` counts each call that it refuses as one that has ended, and so lets
        # more in than that.
        if self.running >= self._limits.concurrent_calls:
            raise ServingError(Code.RESOURCE_EXHAUSTED, f"{self.running} calls are being answered; try again later")
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    def _record(self, call: RequestRecord, measured: str | None) -> None:
        if measured is not None:
            self._server.count_request(call.model, call.version, call.code)
            if call.code is Code.OK:
                self._server.metrics.observe_latency(call.model, measured, "GRPC", call.seconds)
        log_request(call, protocol="grpc", method=call.method)


async def abort(context: grpc.aio.ServicerContext, code: Code, message: str) -> NoReturn:
    """Ends a call with an error."""
    await context.abort(_STATUS_CODES[code], truncated(message))
    raise AssertionError  # abort() raises.


def address_of(peer: str) -> str:
    """Returns the bare address of a client, as the log of REST has it.

    Args:
        peer: as gRPC names it, e.g. "ipv4:127.0.0.1:5000" or "ipv6:%5B::1%5D:5000".
    """
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")


def truncated(message: str) -> str:
    """Returns an error's text as TensorFlow Serving cuts it: 1024 bytes, then a mark."""
    encoded = message.encode("utf-8", "replace")
    if len(encoded) <= _ERROR_BYTES:
        return message
    return encoded[:_ERROR_BYTES].decode("utf-8", "ignore") + "...TRUNCATED"


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _late() -> ServingError:
    return ServingError(Code.DEADLINE_EXCEEDED, "the deadline passed before the answer")


async def _parse(request: Any, message: bytes) -> Any:
    try:
        return await in_thread_if(len(message) > LARGE_BYTES, request.FromString, message)
    except DecodeError as error:
        raise ServingError(Code.INTERNAL, f"the message is no {request.DESCRIPTOR.full_name}: {error}") from None


async def in_thread_if(is_large: bool, function: Callable[..., Any], *arguments: Any) -> Any:
    """Returns what a function returns, out of a thread where it has so much to do that the event loop must go on."""
    return await asyncio.to_thread(function, *arguments) if is_large else function(*arguments)
