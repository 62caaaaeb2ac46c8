"""Chooses the crops whose pixels are measured: a few a second, whatever the load."""

import math
import queue
import time

from serving.request_statistics.day import DayCounts

# Larger files are no crops.
_MOST_BYTES = 2**20
_MOST_WAITING = 10


class SampledCrops:
    """A queue of crops that wait to be measured; those beyond a rate are left out.

    A sample by time, not by number: in a burst a smaller fraction is measured. Every method is safe in any thread.
    """

    def __init__(self, a_second: float) -> None:
        """Takes the number of crops that are measured a second at most; 0: none."""
        self._pause = 1 / a_second if a_second else math.inf
        self._next = 0.0 if a_second else math.inf
        self._waiting: queue.SimpleQueue[tuple[DayCounts, bytes] | None] = queue.SimpleQueue()

    def offer(self, day: DayCounts, crop: bytes) -> None:
        """Keeps a crop to be measured for a day's counts, if it is time for one."""
        now = time.monotonic()
        if now >= self._next and len(crop) <= _MOST_BYTES and self._waiting.qsize() < _MOST_WAITING:
            self._next = now + self._pause
            self._waiting.put((day, crop))

    def take(self, seconds: float) -> tuple[DayCounts, bytes] | None:
        """Waits for the next crop; returns None after `seconds`, or where `wake` was called."""
        try:
            return self._waiting.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def wake(self) -> None:
        """Makes a waiting `take` return."""
        self._waiting.put(None)
