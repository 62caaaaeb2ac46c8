"""Waits of tests, long enough for a machine under load."""

import time
from collections.abc import Callable

# Only a hang takes longer, however busy the machine is. Bounds on speed are the benchmarks' matter.
HANG_GUARD_SECONDS = 900


def wait_until(true: Callable[[], object], what: str, every: float = 0.01) -> None:
    """Waits until `true` returns True, which is looked at `every` so many seconds; AssertionError after the limit."""
    deadline = time.monotonic() + HANG_GUARD_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(every)
