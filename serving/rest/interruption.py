"""Interrupts a request when its time is over or its client hangs up."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.types import Receive

from serving.time_limit import TimeLimit

# Most requests end sooner, and need no task that waits for a client to hang up.
_UNWATCHED_SECONDS = 0.1


class ClientDisconnectError(Exception):
    """Raised when the client hangs up before it has sent its request or has got its reply."""


class Interruption(TimeLimit):
    """A time limit that also ends its `with` block, by a ClientDisconnectError, when the client hangs up."""

    def __init__(self, seconds: float, error: Exception, receive: Receive | None = None) -> None:
        """Prepares it.

        Args:
            seconds: until the time is over.
            error: raised then.
            receive: gives what the client does; None: nobody looks.
        """
        super().__init__(seconds, lambda: error)
        self._receive = receive
        self._start: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        super().__enter__()
        if self._receive is not None:
            self._start = asyncio.get_running_loop().call_later(_UNWATCHED_SECONDS, self._watch, self._receive)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in (self._start, self._watcher):
            if one is not None:
                one.cancel()
        super().__exit__(kind, error, traceback)

    def _watch(self, receive: Receive) -> None:
        async def wait() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.interrupt(ClientDisconnectError())

        self._watcher = asyncio.get_running_loop().create_task(wait())
