"""Bounds the memory of requests: of those that are still being received, and of those that wait for their answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from serving.core.errors import Code, ServingError
from serving.core.limits import Limits

_PROMPT_SECONDS = 0.1
"""Within this time most requests have arrived; only later ones take one of the few places of large or slow ones."""


class ReceivedMessages:
    """Receives requests as long as there is memory for them.

    gRPC reports a request's size only once all of it has arrived. Hence what has not arrived promptly counts as large
    as a request may be, and the number of those is bounded; so are the bytes of all that have arrived.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._slow_places = max(4, 4 * limits.bodies_in_flight_bytes // limits.body_bytes)
        self._bytes = 0

    @asynccontextmanager
    async def receive(self, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        """Yields the one message of a call; its memory counts until the end of the `with` statement.

        Raises:
            ServingError: too many large or slow requests arrive (RESOURCE_EXHAUSTED), or this one takes too long
                (DEADLINE_EXCEEDED), or there is none (INTERNAL).
        """
        message = await self._read(context)
        size = len(message)
        if self._bytes + size > self._limits.bodies_in_flight_bytes:
            raise _too_many(f"all requests that are being answered have more than {self._bytes + size} bytes")
        self._bytes += size
        try:
            yield message
        finally:
            self._bytes -= size

    async def _read(self, context: grpc.aio.ServicerContext) -> bytes:
        reading = asyncio.ensure_future(context.read())
        done, _ = await asyncio.wait({reading}, timeout=_PROMPT_SECONDS)
        if not done:
            await self._read_slowly(reading)
        message: Any = reading.result()
        if message is grpc.aio.EOF:
            raise ServingError(Code.INTERNAL, "the call has no message")
        return bytes(message)

    async def _read_slowly(self, reading: asyncio.Future[Any]) -> None:
        try:
            if not self._slow_places:
                raise _too_many("too many large or slow requests are being received")
            self._slow_places -= 1
            try:
                done, _ = await asyncio.wait({reading}, timeout=self._limits.request_seconds)
            finally:
                self._slow_places += 1
            if not done:
                seconds = self._limits.request_seconds
                raise ServingError(Code.DEADLINE_EXCEEDED, f"the request did not arrive within {seconds:g} seconds")
        finally:
            reading.cancel()


def _too_many(cause: str) -> ServingError:
    return ServingError(Code.RESOURCE_EXHAUSTED, f"{cause}; try again later")
