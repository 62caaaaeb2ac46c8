"""Measures the rate of a step and estimates the time left."""

_LEAST_SECONDS = 1.0


class Pace:
    """Measures the current step from its first unit on, and forgets the earlier steps.

    The time before the first unit does not count, because it includes preparation, nor do units of an earlier run. A
    report below the last one starts another step of the same name: the next fold, or a new attempt.
    """

    def __init__(self) -> None:
        self._step: str | None = None
        self._at_start = 0
        self._done = 0
        self._first: tuple[float, int] | None = None

    def is_new(self, step: str, done: int) -> bool:
        """Returns whether a report starts a new step; to be called before `update`."""
        return step != self._step or done < self._done

    def update(self, step: str, done: int, total: int | None, now: float) -> str:
        """Returns the rate and the time left after a report.

        Args:
            step: what is being done.
            done: units finished so far.
            total: units in all; None where unknown.
            now: time of the report, in seconds of a monotonic clock.

        Returns:
            "85/s, 2:05 left", "85/s" without a total, "" while the rate is unknown.

        >>> pace = Pace()
        >>> [pace.update("train", done, 100, now) for done, now in ((0, 0.0), (10, 5.0), (30, 15.0))]
        ['', '', '2/s, 0:35 left']
        """
        if self.is_new(step, done):
            self._step, self._at_start, self._first = step, done, None
        self._done = done
        if self._first is None and done > self._at_start:
            self._first = now, done
        if self._first is None:
            return ""
        begun, at_first = self._first
        if now - begun <= _LEAST_SECONDS or done == at_first:
            return ""
        speed = (done - at_first) / (now - begun)
        # Some steps do more units than announced.
        return rate(speed) + (f", {minutes(max(0, total - done) / speed)} left" if total is not None else "")


def rate(speed: float) -> str:
    """Formats units a second; slow ones by the minute or the hour.

    >>> rate(85), rate(0.2)
    ('85/s', '12/min')
    """
    for unit, seconds in (("s", 1), ("min", 60)):
        if speed * seconds >= 1:
            return f"{speed * seconds:,.0f}/{unit}"
    return f"{speed * 3600:,.1f}/h"


def minutes(seconds: float) -> str:
    """Formats a duration.

    >>> minutes(725)
    '12:05'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
