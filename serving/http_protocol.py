"""uvicorn's HTTP protocol with limits on headers and connections, and its server with an orderly end."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

# A client that has connected before the socket closes has not always sent its request by then.
_FIRST_REQUEST_SECONDS = 0.5


class TimedProtocol(H11Protocol):
    """Closes connections whose next request header is not complete within the keep-alive time.

    uvicorn alone waits for ever for the first byte of a connection and for the rest of a header, and its
    `limit_concurrency` refuses requests while idle connections stay open.

    Attributes:
        most_connections: one more ends the connection that has been idle for the longest time; for subclasses to set.
        idle_since: when its last response was complete, or when it was made; time of the event loop.
        is_evicted: whether it was ended to make room.
    """

    most_connections = 1000

    _header_timer: asyncio.TimerHandle | None = None
    idle_since = 0.0
    is_evicted = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the timer, and ends another connection if there are too many."""
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._start_timer()
        if len(self.connections) > self.most_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Stops the timer once a header is complete."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timer()
        elif self._header_timer is None:
            self._start_timer()

    def on_response_complete(self) -> None:
        """Notes the time."""
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Ends the connection after the answer that is being made, or after a first request that may be on its way."""
        if self.cycle is None:
            self._stop_timer()
            self._start_timer(_FIRST_REQUEST_SECONDS)
        else:
            super().shutdown()

    def _start_timer(self, seconds: float | None = None) -> None:
        self._header_timer = self.loop.call_later(seconds or self.timeout_keep_alive, self._end)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _end(self) -> None:
        # A request that arrived meanwhile gets its response.
        if self.is_idle and not self.transport.is_closing():
            self.transport.close()

    @property
    def is_idle(self) -> bool:
        """Returns whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _make_room(self) -> None:
        # An evicted connection is in the set until the next turn of the event loop.
        left = [one for one in self.connections if isinstance(one, TimedProtocol) and not one.is_evicted]
        if len(left) > self.most_connections:
            # At least this one is idle. It is the only one where all others have requests, and ends then.
            oldest = min((one for one in left if one.is_idle), key=lambda one: one.idle_since)
            oldest.is_evicted = True
            # close() would wait for a client that takes nothing, or that does not take leave by TLS.
            oldest.transport.abort()


class DrainingServer(uvicorn.Server):
    """Serves for some time longer after SIGTERM, so that load balancers notice before the socket closes.

    Attributes:
        received: the signal that ends it; None: none has come. uvicorn would raise it again before the caller has
            cleaned up, so the caller does.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_signal: Callable[[], None],
        stop_others: Callable[[], Awaitable[None]],
        on_end: Callable[[], None],
        drain_seconds: float,
    ) -> None:
        """Prepares the server.

        Args:
            config: uvicorn's.
            on_signal: called at the signal.
            stop_others: stops what serves beside it, while its own last answers are sent.
            on_end: called after the last answer.
            drain_seconds: from SIGTERM to the closing of the socket; Ctrl-C closes it at once.
        """
        super().__init__(config)
        self.received: int | None = None
        self._on_signal = on_signal
        self._stop_others = stop_others
        self._on_end = on_end
        self._drain_seconds = drain_seconds
        self._exit_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins the end; a second signal does not wait for answers."""
        if self.received is not None:
            self.force_exit = True
        self.received = self.received or sig
        self._exit_at = time.monotonic() + (self._drain_seconds if sig == signal.SIGTERM else 0)
        self._on_signal()

    async def on_tick(self, counter: int) -> bool:
        """Returns whether to close the socket."""
        return await super().on_tick(counter) or time.monotonic() >= self._exit_at

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the socket, and waits for the answers."""
        await asyncio.gather(super().shutdown(sockets), self._stop_others())
        self._on_end()
