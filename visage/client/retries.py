"""Decides whether and when a failed request is sent again: the policy of all clients and both protocols.

The delays grow exponentially with full jitter, so that clients that failed together do not return together.
Source: Brooker, Exponential backoff and jitter, AWS Architecture Blog 2015.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from visage.client.errors import ClientError
from visage.client.plans import Attempt, Pause, Plan


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how soon a request is sent again. The timeout of a request bounds them as well.

    Attributes:
        attempts: the first one included; 1: nothing is sent again.
        first_seconds: upper limit of the first delay.
        factor: by which the limit grows from one delay to the next.
        longest_seconds: where it stops growing.
    """

    attempts: int = 5
    first_seconds: float = 0.1
    factor: float = 2.0
    longest_seconds: float = 5.0

    def limit(self, failures: int) -> float:
        """Returns the upper limit in seconds of the delay after the given number of failures, 1 or more."""
        limit = self.first_seconds
        for _ in range(failures - 1):
            if limit >= self.longest_seconds:
                break
            limit *= self.factor
        return min(limit, self.longest_seconds)

    def delay(self, failures: int, error: ClientError, part: float) -> float:
        """Returns the seconds to wait before the next attempt.

        Args:
            failures: attempts so far.
            error: the last one; the delay that the server requests precedes the jitter.
            part: 0..1, uniformly random.
        """
        return (error.retry_after or 0.0) + part * self.limit(failures)


class Deadline:
    """Sends the requests of one operation, again where the policy permits, until its time is over."""

    def __init__(
        self,
        policy: RetryPolicy,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        part: Callable[[], float] = random.random,
    ) -> None:
        """Starts the time.

        Args:
            policy: for each request.
            timeout: seconds for all requests of the operation together, with their delays.
            clock: returns the time in seconds.
            part: returns uniformly random numbers, 0..1.
        """
        self._policy = policy
        self._clock = clock
        self._part = part
        self._end = clock() + timeout

    def send(self, call: Any) -> Plan[Any]:
        """Sends a request and returns its response.

        Raises:
            ClientError: that of the last attempt; it comes at once if the time does not suffice for another one.
        """
        failures = 0
        while True:
            try:
                return (yield Attempt(call, max(0.0, self._end - self._clock())))
            except ClientError as error:
                failures += 1
                delay = self._policy.delay(failures, error, self._part())
                late = self._clock() + delay >= self._end
                if late or not error.may_retry or failures >= self._policy.attempts:
                    raise
            yield Pause(delay)
