"""Bounds the whole time of requests over httpx's synchronous connections; httpx bounds each read and write alone."""

from __future__ import annotations

import ipaddress
import math
import socket
import threading
import time
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

# Written at once; each part is given the time that is left.
_PART_BYTES = 1 << 16


class RequestTime(threading.local):
    """The time of the request that this thread sends.

    Attributes:
        end: when the response must be complete, in seconds of `time.monotonic`.
    """

    end = math.inf

    def start(self, seconds: float) -> None:
        """Starts the time of a request."""
        self.end = time.monotonic() + seconds

    def left(self, limit: float | None, error: type[httpcore.TimeoutException]) -> float:
        """Returns the seconds that are left for an operation, `limit` at most.

        Raises:
            httpcore.TimeoutException: none is left; `error` is its class.
        """
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise error("timed out")
        return seconds if limit is None else min(limit, seconds)


def bound_requests(client: httpx.Client) -> RequestTime:
    """Bounds the requests of a client that has sent none yet; `start` of the result precedes each of them."""
    bounds = RequestTime()
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            # httpx passes no backend on to httpcore.
            transport._pool._network_backend = _Backend(bounds)
    return bounds


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose operations are bounded."""

    def __init__(self, bounds: RequestTime) -> None:
        self._bounds = bounds
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects to the first address that accepts; each has its part of the time, and `timeout` at most."""
        addresses = self._addresses(host, port)
        for remaining in range(len(addresses), 0, -1):
            address = addresses[-remaining]
            seconds = self._bounds.left(None, httpcore.ConnectTimeout) / remaining
            limit = seconds if timeout is None else min(timeout, seconds)
            try:
                stream = self._backend.connect_tcp(address, port, limit, local_address, socket_options)
                return _Stream(stream, self._bounds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if remaining == 1:
                    raise
        raise httpcore.ConnectError("the name has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        """Returns the addresses of a host; a thread looks them up, since the resolver's time cannot be set."""
        try:
            ipaddress.ip_address(host)
            return [host]
        except ValueError:
            pass
        found: SimpleQueue[list[str] | OSError] = SimpleQueue()

        def look_up() -> None:
            try:
                entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found.put([str(address[0]) for *_, address in entries])
            except OSError as error:
                found.put(error)

        threading.Thread(target=look_up, daemon=True, name="visage-resolver").start()
        try:
            addresses = found.get(timeout=self._bounds.left(None, httpcore.ConnectTimeout))
        except Empty:
            raise httpcore.ConnectTimeout("the lookup of its name timed out") from None
        if isinstance(addresses, OSError):
            raise httpcore.ConnectError(str(addresses)) from addresses
        return addresses


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the request's time."""

    def __init__(self, stream: httpcore.NetworkStream, bounds: RequestTime) -> None:
        self._stream = stream
        self._bounds = bounds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._bounds.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PART_BYTES):
            limit = self._bounds.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PART_BYTES], limit)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = self._bounds.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit), self._bounds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
