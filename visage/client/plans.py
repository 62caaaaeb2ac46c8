"""Describes the steps of an operation; the clients differ only in who takes them, a thread or asyncio.

An operation is a generator. It yields a step, gets its result sent or its ClientError thrown in, and returns the
result of the whole.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Attempt:
    """One request to send once.

    Attributes:
        call: what to send, in the protocol's form.
        timeout: seconds until its response must be complete.
    """

    call: Any
    timeout: float


@dataclass(frozen=True)
class Pause:
    """A time to wait, in seconds."""

    seconds: float


Plan = Generator[Attempt | Pause, Any, Result]
