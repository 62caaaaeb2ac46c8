"""Places values on an axis with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5)
# A rounding error must not add a tick.
_SLACK = 1e-9


@dataclass(frozen=True)
class Axis:
    """The range of values of a chart and the ticks in it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Returns the place of a value in per cent of the axis, 0..100; values beyond an end lie on it."""
        return 100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    @property
    def digits(self) -> int:
        """Returns the number of digits after the decimal point that tell the ticks apart."""
        step = self.ticks[1] - self.ticks[0]
        return next(digits for digits in range(12) if abs(round(step, digits) - step) <= _SLACK * step or digits == 11)


def round_axis(values: Iterable[float], *, zero: bool = False, most: int = 6, within: Axis | None = None) -> Axis:
    """Returns an axis over values that ends on round numbers.

    Args:
        values: finite; with none of them the axis is 0 to 1.
        zero: whether 0 belongs to it.
        most: number of ticks, at most.
        within: the ends that it must not exceed, e.g. those of a fraction; None: none.

    >>> round_axis([0.3, 4.6], zero=True).ticks
    (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    """
    found = [*values, *([0.0] if zero else [])] or [0.0, 1.0]
    low, high = min(found), max(found)
    if high - low <= _SLACK * max(abs(low), abs(high), _SLACK):
        spread = abs(high) / 10 or 1.0
        low, high = low - (0 if zero and low >= 0 else spread), high + spread
    low, high, step = _rounded(low, high, most)
    if within is not None:
        low, high = max(low, within.low), min(high, within.high)
    count = int((high - low) / step + _SLACK)
    return Axis(low, high, tuple(round(low + step * number, 10) for number in range(count + 1)))


def year_axis(last: float = 100.0) -> Axis:
    """Returns the axis of ages from 0 to 100 years, or further to the next 20."""
    end = max(100, math.ceil(last / 20) * 20)
    return Axis(0.0, float(end), tuple(float(year) for year in range(0, end + 1, 20)))


def _rounded(low: float, high: float, most: int) -> tuple[float, float, float]:
    """Returns ends on multiples of the least round step that has `most` ticks or fewer, and that step."""
    power = math.floor(math.log10((high - low) / most))
    for step in (size * 10.0**exponent for exponent in (power, power + 1, power + 2) for size in _STEPS):
        first, last = math.floor(low / step + _SLACK), math.ceil(high / step - _SLACK)
        if last - first < most:
            return first * step, last * step, step
    raise AssertionError("a step of a hundredth to ten times the span fits")
