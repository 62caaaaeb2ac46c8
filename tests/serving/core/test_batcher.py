"""What waits is batched, and a failure costs only its own request."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from serving.core.batcher import Batcher, SessionThreads
from serving.core.errors import Code, ServingError
from serving.core.limits import BatchLimits

pytestmark = pytest.mark.one_stack

BROKEN = -1.0


class Doubler:
    """Doubles numbers, fails on a broken one, and can be held back."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.may_run = threading.Event()
        self.may_run.set()

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.may_run.wait()
        values = inputs["x"]
        self.batches.append(values[:, 0].tolist())
        if (values == BROKEN).any():
            raise ServingError(Code.INVALID_ARGUMENT, "broken")
        return {"y": values * 2}


def row(*values: float) -> dict[str, np.ndarray]:
    return {"x": np.array([[value] for value in values], np.float32)}


def make(doubler: Doubler, **limits: Any) -> Batcher:
    return Batcher(doubler, SessionThreads(replace(BatchLimits(num_batch_threads=1), **limits), pixels_in_flight=100))


async def submit(batcher: Batcher, *values: float, pixels: int = 0) -> list[float] | str:
    try:
        outputs = await batcher.submit(row(*values), len(values), pixels)
    except ServingError as error:
        return error.message
    return [float(value) for value in outputs["y"][:, 0]]


async def while_one_runs(doubler: Doubler, batcher: Batcher, *waiting: asyncio.Task) -> None:
    """Lets the first request start, the others wait behind it, then all of them run."""
    await asyncio.sleep(0.01)
    doubler.may_run.set()
    await asyncio.gather(*waiting)


def test_a_request_on_an_idle_server_starts_at_once() -> None:
    doubler = Doubler()

    async def one() -> None:
        assert await submit(make(doubler), 3.0) == [6.0]

    asyncio.run(one())
    assert doubler.batches == [[3.0]]


def test_what_waits_runs_as_one_batch_of_at_most_the_largest_size() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> list:
        batcher = make(doubler, max_batch_size=4)
        requests = [asyncio.ensure_future(submit(batcher, *values)) for values in [(1,), (2,), (3, 4), (5,), (6, 7)]]
        await while_one_runs(doubler, batcher, *requests)
        return [request.result() for request in requests]

    assert asyncio.run(several()) == [[2.0], [4.0], [6.0, 8.0], [10.0], [12.0, 14.0]]
    assert doubler.batches == [[1.0], [2.0, 3.0, 4.0, 5.0], [6.0, 7.0]]


def test_a_broken_row_costs_only_its_own_request() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> list:
        batcher = make(doubler)
        requests = [asyncio.ensure_future(submit(batcher, value)) for value in (1.0, 2.0, BROKEN, 3.0)]
        await while_one_runs(doubler, batcher, *requests)
        return [request.result() for request in requests]

    assert asyncio.run(several()) == [[2.0], [4.0], "broken", [6.0]]


def test_a_full_queue_refuses_with_the_text_of_tensorflow_serving() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> list:
        batcher = make(doubler, max_batch_size=2, max_enqueued_batches=2)
        requests = [asyncio.ensure_future(submit(batcher, float(value))) for value in range(7)]
        await while_one_runs(doubler, batcher, *requests)
        return [request.result() for request in requests]

    results = asyncio.run(several())
    assert results[:5] == [[0.0], [2.0], [4.0], [6.0], [8.0]]
    assert (
        results[5:]
        == [
            "The batch scheduling queue to which this task was submitted is full; currently 2 batches enqueued and "
            "max_enqueued_batches is 2"
        ]
        * 2
    )


def test_a_request_that_nobody_waits_for_any_longer_is_not_run() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> None:
        batcher = make(doubler)
        first, hung_up, last = (asyncio.ensure_future(submit(batcher, value)) for value in (1.0, 2.0, 3.0))
        await asyncio.sleep(0.01)
        hung_up.cancel()
        await while_one_runs(doubler, batcher, first, last)

    asyncio.run(several())
    assert doubler.batches == [[1.0], [3.0]]


def test_images_wait_until_there_is_memory_for_them() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> None:
        batcher = make(doubler, num_batch_threads=2)
        requests = [asyncio.ensure_future(submit(batcher, value, pixels=60)) for value in (1.0, 2.0, 3.0)]
        await asyncio.sleep(0.01)
        assert batcher.running == 1  # Two of them have more than 100 pixels.
        await while_one_runs(doubler, batcher, *requests)

    asyncio.run(several())
    assert doubler.batches == [[1.0], [2.0], [3.0]]


def test_rows_of_different_shape_are_not_joined() -> None:
    shapes = []

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes.append(inputs["x"].shape)
        return {"y": inputs["x"]}

    async def several() -> None:
        batcher = Batcher(run, SessionThreads(BatchLimits(num_batch_threads=1), 100))
        arrays = [np.zeros((1, width), np.float32) for width in (2, 3, 3, 2)]
        await asyncio.gather(*[batcher.submit({"x": array}, 1, 0) for array in arrays])

    asyncio.run(several())
    assert shapes == [(1, 2), (2, 3), (1, 2)]


def test_a_request_that_is_given_up_leaves_its_images_and_its_place() -> None:
    doubler = Doubler()
    doubler.may_run.clear()

    async def several() -> None:
        batcher = make(doubler, max_batch_size=2, max_enqueued_batches=1)
        first = asyncio.ensure_future(submit(batcher, 1.0))
        await asyncio.sleep(0.01)
        for _ in range(50):
            given_up = asyncio.ensure_future(submit(batcher, 2.0, 2.0))
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.wait([given_up])
            assert given_up.cancelled()
        assert not batcher.queue
        await while_one_runs(doubler, batcher, first, asyncio.ensure_future(submit(batcher, 3.0)))

    asyncio.run(several())
    assert doubler.batches == [[1.0], [3.0]]
