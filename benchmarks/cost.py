"""The cost of an operation in wall and CPU time."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Wall seconds, and CPU seconds of this process on all cores."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)

    def __truediv__(self, count: int) -> "Cost":
        return Cost(self.wall / count, self.cpu / count)


def now() -> Cost:
    """Returns the current clocks, whose differences are costs."""
    return Cost(time.perf_counter(), time.process_time())
