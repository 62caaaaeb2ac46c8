"""Bounds the memory of requests: of those that are still being received, and of those that wait for their answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from serving.core.errors import ServingError
from serving.core.limits import Limits
from serving.time_limit import TimeLimit
from visage.tf_serving_api.codes import Code

_PROMPT_SECONDS = 0.1
"""Within this time most requests have arrived; only later ones take one of the few places of large or slow ones."""


class ReceivedMessages:
    """Receives requests as long as there is memory for them.

    gRPC reports a request's size only once all of it has arrived. Hence what has not arrived promptly counts as large
    as a request may be, and the number of those is bounded; so are the bytes of all that have arrived.

    Attributes:
        bytes: of the messages that are held now.
        slow_places: how many more large or slow messages may arrive.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.slow_places = max(4, 2 * limits.bodies_in_flight_bytes // limits.body_bytes)
        self.bytes = 0

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Counts the bytes of a message inside the `with` block.

        Raises:
            ServingError: those of all messages are too many (RESOURCE_EXHAUSTED).
        """
        if self.bytes + size > self._limits.bodies_in_flight_bytes:
            raise _too_many(f"a message of {size} bytes is too large beside those that are being answered")
        self.bytes += size
        try:
            yield
        finally:
            self.bytes -= size

    async def receive(self, context: grpc.aio.ServicerContext) -> bytes:
        """Returns the one message of a call.

        Raises:
            ServingError: too many large or slow messages arrive (RESOURCE_EXHAUSTED), or this one takes too long
                (DEADLINE_EXCEEDED), or there is none (INTERNAL).
        """
        is_slow = False

        def late() -> ServingError | float:
            nonlocal is_slow
            seconds = self._limits.request_seconds
            if is_slow:
                return ServingError(Code.DEADLINE_EXCEEDED, f"the request did not arrive within {seconds:g} seconds")
            if not self.slow_places:
                return _too_many("too many large or slow requests are being received")
            is_slow = True
            self.slow_places -= 1
            return seconds

        try:
            with TimeLimit(_PROMPT_SECONDS, late):
                message: Any = await context.read()
        finally:
            self.slow_places += is_slow
        if message is grpc.aio.EOF:
            raise ServingError(Code.INTERNAL, "the call has no message")
        return bytes(message)


def _too_many(cause: str) -> ServingError:
    return ServingError(Code.RESOURCE_EXHAUSTED, f"{cause}; try again later")
