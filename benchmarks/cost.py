"""What a piece of work costs."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Seconds: of the clock, and of this process on all cores."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)

    def __truediv__(self, count: int) -> "Cost":
        return Cost(self.wall / count, self.cpu / count)


def now() -> Cost:
    """Since some moment in the past."""
    return Cost(time.perf_counter(), time.process_time())
