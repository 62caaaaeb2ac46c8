"""Delays of the retries, for any policy, any clock and any responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.client.errors import ClientError
from visage.client.plans import Attempt, Pause
from visage.client.retries import Deadline, RetryPolicy

policies = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 50),
    first_seconds=st.floats(0.001, 10),
    factor=st.floats(1, 10),
    longest_seconds=st.floats(0.001, 60),
)
parts = st.floats(0, 1)
waits = st.none() | st.floats(0, 100)


def refusal(retry_after: float | None = None, may_retry: bool = True) -> ClientError:
    return ClientError("http://host", "UNAVAILABLE", "full", may_retry=may_retry, retry_after=retry_after)


@dataclass
class Taken:
    """The steps that a plan took.

    Attributes:
        attempts: when each began, and its time, in seconds.
        pauses: in seconds.
        result: None: it failed.
    """

    attempts: list[tuple[float, float]]
    pauses: list[float]
    result: Any = None


def take(policy: RetryPolicy, timeout: float, errors: Sequence[ClientError], part: float, seconds: float) -> Taken:
    """Takes the steps of one request that fails with `errors`, then succeeds; each attempt needs `seconds`."""
    now = 0.0
    plan = Deadline(policy, timeout, clock=lambda: now, part=lambda: part).send("call")
    taken = Taken([], [])
    remaining = list(errors)
    try:
        step = next(plan)
        while True:
            if isinstance(step, Pause):
                taken.pauses.append(step.seconds)
                now += step.seconds
                step = plan.send(None)
                continue
            assert isinstance(step, Attempt)
            taken.attempts.append((now, step.timeout))
            now += min(seconds, step.timeout)
            step = plan.throw(remaining.pop(0)) if remaining else plan.send("response")
    except StopIteration as end:
        taken.result = end.value
    except ClientError:
        pass
    return taken


@given(policies, st.integers(1, 10_000), waits, parts)
def test_a_delay_is_the_servers_time_and_a_part_of_the_limit(
    policy: RetryPolicy, failures: int, wait: float | None, part: float
) -> None:
    jitter = policy.delay(failures, refusal(wait), part) - (wait or 0.0)
    assert -1e-9 <= jitter <= policy.limit(failures) + 1e-9
    assert policy.limit(failures) <= policy.longest_seconds


@given(policies, st.integers(1, 1000))
def test_the_limit_never_shrinks(policy: RetryPolicy, failures: int) -> None:
    assert policy.limit(failures) <= policy.limit(failures + 1)


def test_the_limit_doubles_until_it_is_the_longest() -> None:
    policy = RetryPolicy(first_seconds=0.1, factor=2, longest_seconds=1)
    assert [policy.limit(failures) for failures in (1, 2, 3, 4, 5, 10_000)] == [0.1, 0.2, 0.4, 0.8, 1, 1]


@given(policies, st.floats(0, 300), st.lists(waits, max_size=60), parts, st.floats(0, 20))
def test_no_attempt_begins_after_the_deadline_or_beyond_the_number_of_attempts(
    policy: RetryPolicy, timeout: float, waits: list[float | None], part: float, seconds: float
) -> None:
    taken = take(policy, timeout, [refusal(wait) for wait in waits], part, seconds)
    assert len(taken.attempts) <= policy.attempts
    assert len(taken.pauses) == len(taken.attempts) - 1
    # The first one is made in any case.
    assert all(begun < timeout for begun, _ in taken.attempts[1:])
    assert all(begun + time_left <= timeout + 1e-6 for begun, time_left in taken.attempts)
    assert (taken.result == "response") == (len(taken.attempts) > len(waits))


@given(policies, parts)
def test_what_must_not_be_sent_again_is_sent_once(policy: RetryPolicy, part: float) -> None:
    taken = take(policy, 60, [refusal(may_retry=False)], part, 0.0)
    assert (len(taken.attempts), taken.pauses, taken.result) == (1, [], None)


def test_the_error_is_that_of_the_last_attempt() -> None:
    plan = Deadline(RetryPolicy(attempts=2), 60, clock=lambda: 0.0).send("call")
    next(plan)
    plan.throw(ClientError("http://host", "UNAVAILABLE", "first", may_retry=True))
    next(plan)
    with pytest.raises(ClientError, match="http://host: second"):
        plan.throw(ClientError("http://host", "UNAVAILABLE", "second", may_retry=True))
