"""Waits of tests, long enough for a machine under load."""

import time
from collections.abc import Callable

# Only a hang takes longer, however busy the machine is. Bounds on speed are the benchmarks' matter.
HANG_GUARD_SECONDS = 900
_LOOK_EVERY_SECONDS = 0.01


def wait_until(true: Callable[[], object], what: str) -> None:
    """Waits until `true` returns True; raises AssertionError with `what` after the limit."""
    deadline = time.monotonic() + HANG_GUARD_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(_LOOK_EVERY_SECONDS)
