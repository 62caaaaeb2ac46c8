"""Ends what a task waits for once its time is over."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType


class TimeLimit:
    """Raises an error in the task that runs its `with` block, unless the block ends in time.

    `asyncio.wait_for` does so at the cost of a further task for each call, which is a tenth of a short call's time;
    `asyncio.timeout` is only in Python 3.11.
    """

    def __init__(self, seconds: float, expired: Callable[[], Exception | float]) -> None:
        """Prepares the limit.

        Args:
            seconds: until `expired` is called.
            expired: returns the error to raise, or for how many seconds more to wait.
        """
        self._seconds = seconds
        self._expired = expired
        self._error: Exception | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._error is None or not isinstance(error, asyncio.CancelledError):
            return
        if sys.version_info >= (3, 11):  # Otherwise the next `asyncio.timeout` of the task would fail.
            self._task.uncancel()
        raise self._error from None

    def interrupt(self, error: Exception) -> None:
        """Raises an error in the task before the time is over."""
        if self._error is None:
            self._error = error
            self._task.cancel()

    def _expire(self) -> None:
        outcome = self._expired()
        if isinstance(outcome, Exception):
            self.interrupt(outcome)
        else:
            self._timer = asyncio.get_running_loop().call_later(outcome, self._expire)
