"""Reads the bodies of requests within limits: of one, of all at the same time, of what gzip inflates, of patience."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType

from starlette.types import Receive

from serving.core.errors import Code, ServingError
from serving.core.limits import Limits
from serving.rest.http import HttpError
from serving.rest.interruption import ClientDisconnectError, Interruption

# A body that arrives more slowly, after the seconds of grace, is given up.
_LEAST_BYTES_PER_SECOND = 16 * 1024
_GRACE_SECONDS = 10.0
_MOST_DIGITS = 20
_MOST_DISCARDING_SECONDS, _MOST_IDLE_SECONDS = 5.0, 0.2


class BodiesInFlight:
    """The bytes of all bodies whose requests are read or run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.bytes = 0

    def body(self) -> Body:
        """Returns a body of no bytes yet, to be read inside of a `with` block, after which its bytes are free again."""
        return Body(self, self._limits)


class Body:
    """The body of one request."""

    def __init__(self, in_flight: BodiesInFlight, limits: Limits) -> None:
        self._in_flight = in_flight
        self._limits = limits
        self._reserved = 0
        self.received = 0

    def __enter__(self) -> Body:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._in_flight.bytes -= self._reserved
        self._reserved = 0

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive, most_seconds: float) -> bytes:
        """Returns the body as it was sent.

        Args:
            headers: of the request, by lower-case name.
            receive: gives its parts.
            most_seconds: until the last part.

        Raises:
            ServingError: it is too large or too slow, or the bodies of all requests are too large together.
            ClientDisconnectError: the client hung up.
        """
        announced = headers.get(b"content-length", b"")
        if not announced and b"transfer-encoding" not in headers:
            return b""
        # The HTTP server has checked that it is a number; Python refuses to parse some thousand digits.
        if announced and (len(announced) > _MOST_DIGITS or int(announced) > self._limits.body_bytes):
            raise self._too_large()
        started = time.monotonic()
        chunks = []
        while True:
            allowed = min(_GRACE_SECONDS + self.received / _LEAST_BYTES_PER_SECOND, most_seconds)
            with Interruption(started + allowed - time.monotonic(), self._too_slow(allowed)):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnectError
            chunk = message.get("body", b"")
            self.received += len(chunk)
            self.reserve(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)

    def inflate(self, compressed: bytes) -> bytes:
        """Returns what gzip compressed; nothing if that is broken, as in TensorFlow Serving. Takes up to 0.1 seconds.

        Raises:
            ServingError: it is too large.
        """
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            inflated = decompressor.decompress(compressed, self._limits.body_bytes + 1)
        except zlib.error:
            return b""
        if len(inflated) > self._limits.body_bytes:
            raise self._too_large()
        return inflated if decompressor.eof else b""

    def reserve(self, count: int) -> None:
        """Counts further bytes that this request takes, until the end of the `with` block.

        Raises:
            ServingError: one body or all are too large then.
        """
        self._reserved += count
        self._in_flight.bytes += count
        if self.received > self._limits.body_bytes:
            raise self._too_large()
        if self._in_flight.bytes > self._limits.bodies_in_flight_bytes:
            raise ServingError(
                Code.UNAVAILABLE,
                f"requests of {self._limits.bodies_in_flight_bytes} bytes are being answered; try again later",
            )

    def _too_slow(self, seconds: float) -> ServingError:
        return HttpError(
            HTTPStatus.REQUEST_TIMEOUT,
            Code.DEADLINE_EXCEEDED,
            f"{self.received} bytes of the body came in {seconds:.0f} seconds; send it faster",
        )

    def _too_large(self) -> ServingError:
        return HttpError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            Code.RESOURCE_EXHAUSTED,
            f"the body has more than {self._limits.body_bytes} bytes; send fewer or smaller images",
        )


async def discard_body(headers: Mapping[bytes, bytes], receive: Receive) -> None:
    """Takes what a client still sends of a body that is refused, for a short time; nothing if it sends Expect."""
    if b"expect" in headers or not (b"content-length" in headers or b"transfer-encoding" in headers):
        return
    started = time.monotonic()
    with suppress(TimeoutError):
        while time.monotonic() - started < _MOST_DISCARDING_SECONDS:
            with Interruption(_MOST_IDLE_SECONDS, TimeoutError()):
                message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return
