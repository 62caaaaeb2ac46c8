"""Interrupts the answer to a request when its time is over or its client hangs up."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.types import Receive

# Most answers come sooner, and need no task that waits for a client to hang up.
_UNWATCHED_SECONDS = 0.1


class ClientDisconnectError(Exception):
    """Raised when the client hangs up before it has sent its request or has got its answer."""


class Interruption:
    """Cancels the task that runs its `with` block, and raises the reason there.

    Python 3.10 has no asyncio.timeout; asyncio.wait_for starts a task for each use.
    """

    def __init__(self, seconds: float, error: Exception, receive: Receive | None = None) -> None:
        """Prepares it.

        Args:
            seconds: until the time is over.
            error: raised then.
            receive: gives what the client does; a ClientDisconnectError is raised when it hangs up. None: nobody looks.
        """
        self._seconds = seconds
        self._error = error
        self._receive = receive
        self._reason: Exception | None = None
        self._handles: list[asyncio.TimerHandle] = []
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._handles.append(loop.call_later(self._seconds, self._interrupt, self._error))
        if self._receive is not None:
            self._handles.append(loop.call_later(_UNWATCHED_SECONDS, self._watch, self._receive))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._reason is not None and isinstance(error, asyncio.CancelledError):
            if hasattr(self._task, "uncancel"):  # Since Python 3.11; otherwise the next `asyncio.timeout` would fail.
                self._task.uncancel()
            raise self._reason from None

    def _interrupt(self, reason: Exception) -> None:
        if self._reason is None and self._task is not None:
            self._reason = reason
            self._task.cancel()

    def _watch(self, receive: Receive) -> None:
        async def wait() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            self._interrupt(ClientDisconnectError())

        self._watcher = asyncio.get_running_loop().create_task(wait())
