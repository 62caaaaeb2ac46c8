"""Runs what waits in batches: no timer, so that a request on an idle server starts at once.

Where batches are short, those that wait until the running one has ended make one larger batch, which costs less than
two small ones at the same time; where they are long, all threads run.

All methods run in the event loop; only `Run` runs in a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from serving.core.errors import Code, ServingError
from serving.core.limits import BatchLimits

# A batch that is expected to end within this time is waited for.
_SHORT_SECONDS = 0.02
# Of the newest batch in the mean.
_WEIGHT = 0.2

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays], dict[str, np.ndarray]]
"""Runs one batch; raises ServingError."""


@dataclass(eq=False)
class Task:
    """The rows of one request, or of a part of it.

    Attributes:
        inputs: arrays; those of a batch are joined along their first axis.
        rows: their first axis; None: the inputs cannot be joined with others.
        pixels: of all images.
        future: receives the outputs.
    """

    inputs: Arrays
    rows: int | None
    pixels: int
    future: asyncio.Future[dict[str, np.ndarray]] = field(default_factory=lambda: _future())

    @property
    def key(self) -> Hashable:
        """Returns what inputs have in common that can be joined."""
        if self.rows is None:
            return id(self)
        return tuple((name, value.dtype, value.shape[1:]) for name, value in self.inputs.items())


def _future() -> asyncio.Future[dict[str, np.ndarray]]:
    return asyncio.get_running_loop().create_future()


class SessionThreads:
    """The threads that run batches of all models, and the queues that wait for them."""

    def __init__(self, limits: BatchLimits, pixels_in_flight: int) -> None:
        self.limits = limits
        self._idle = limits.num_batch_threads
        self._pixels_free = self._most_pixels = pixels_in_flight
        self._threads = ThreadPoolExecutor(limits.num_batch_threads, thread_name_prefix="session")
        # Queues with waiting tasks, the one that waits longest first.
        self._waiting: deque[Batcher] = deque()
        self._running: list[Batcher] = []

    def close(self) -> None:
        """Ends the threads once they are idle."""
        self._threads.shutdown()

    def wait_for_turn(self, batcher: Batcher) -> None:
        """Starts the batches of a queue as soon as threads are idle."""
        self._waiting.append(batcher)
        self._start_batches()

    def _start_batches(self) -> None:
        while self._idle and self._waiting:
            batcher = self._waiting[0]
            if self._running and all(one.is_short for one in (batcher, *self._running)) and not batcher.is_full:
                return
            batch = batcher.next_batch(self._pixels_free, nothing_runs=not self._running)
            if batch is None:  # The images of those that run take the memory.
                return
            self._waiting.popleft()
            if batcher.queue:
                self._waiting.append(batcher)
            if batch:
                self._start(batcher, batch)

    def _start(self, batcher: Batcher, batch: Sequence[Task]) -> None:
        pixels = min(sum(task.pixels for task in batch), self._most_pixels)
        self._idle -= 1
        self._pixels_free -= pixels
        batcher.running += 1
        self._running.append(batcher)
        started = time.perf_counter()
        running = asyncio.get_running_loop().run_in_executor(self._threads, _run_batch, batcher.run, batch)

        def done(finished: asyncio.Future[list[dict[str, np.ndarray] | ServingError]]) -> None:
            self._idle += 1
            self._pixels_free += pixels
            batcher.running -= 1
            self._running.remove(batcher)
            batcher.note_seconds(time.perf_counter() - started)
            _deliver(batch, finished)
            self._start_batches()

        running.add_done_callback(done)


class Batcher:
    """The queue of one signature of one version.

    Attributes:
        run: runs one batch.
        queue: what waits.
        running: batches that run now, whether or not anybody still waits for their outputs.
    """

    def __init__(self, run: Run, threads: SessionThreads) -> None:
        self.run = run
        self.queue: deque[Task] = deque()
        self.running = 0
        self._threads = threads
        self._queued_rows = 0
        self._mean_seconds: float | None = None

    @property
    def is_short(self) -> bool:
        """Returns whether its batches take so little time that it pays to wait for one."""
        return self._mean_seconds is not None and self._mean_seconds < _SHORT_SECONDS

    @property
    def is_full(self) -> bool:
        """Returns whether the largest batch waits."""
        return self._queued_rows >= self._threads.limits.max_batch_size

    def note_seconds(self, seconds: float) -> None:
        """Takes note of the duration of a batch."""
        mean = self._mean_seconds
        self._mean_seconds = seconds if mean is None else (1 - _WEIGHT) * mean + _WEIGHT * seconds

    async def submit(self, inputs: Arrays, rows: int | None, pixels: int) -> dict[str, np.ndarray]:
        """Runs inputs together with what else waits.

        Args:
            inputs: arrays by name.
            rows: the first axis of each, at most `max_batch_size`; None: they are run alone.
            pixels: of all images.

        Raises:
            ServingError: the queue is full (UNAVAILABLE), or the graph fails on these inputs.
        """
        limits = self._threads.limits
        size = rows or 1
        if self._queued_rows + size > limits.max_batch_size * limits.max_enqueued_batches:
            batches = -(-self._queued_rows // limits.max_batch_size)
            raise ServingError(
                Code.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted is full; currently "
                f"{batches} batches enqueued and max_enqueued_batches is {limits.max_enqueued_batches}",
            )
        task = Task(inputs, rows, pixels)
        self.queue.append(task)
        self._queued_rows += size
        if len(self.queue) == 1:
            self._threads.wait_for_turn(self)
        try:
            return await task.future
        except asyncio.CancelledError:
            # The client hung up, or its time is over: its images would stay in memory until its turn.
            if task in self.queue:
                self.queue.remove(task)
                self._queued_rows -= size
            raise

    def next_batch(self, pixels_free: int, nothing_runs: bool) -> list[Task] | None:
        """Takes the tasks of the next batch off the queue.

        Args:
            pixels_free: images of more pixels must wait.
            nothing_runs: whether the batch runs alone, in which case its first task may be of any size.

        Returns:
            Tasks that can be joined; empty: none waits; None: the first must wait.
        """
        batch: list[Task] = []
        rows = pixels = 0
        while self.queue:
            task = self.queue[0]
            fits = pixels + task.pixels <= pixels_free
            if not batch:
                if not fits and not nothing_runs:
                    return None
            elif not fits or task.key != batch[0].key or rows + (task.rows or 1) > self._threads.limits.max_batch_size:
                break
            batch.append(self._take())
            rows += task.rows or 1
            pixels += task.pixels
        return batch

    def _take(self) -> Task:
        task = self.queue.popleft()
        self._queued_rows -= task.rows or 1
        return task


def _run_batch(run: Run, batch: Sequence[Task]) -> list[dict[str, np.ndarray] | ServingError]:
    """Runs a batch; if it fails, each of its tasks alone, so that a broken image costs only its own request."""
    if len(batch) > 1:
        joined = {name: np.concatenate([task.inputs[name] for task in batch]) for name in batch[0].inputs}
        rows = [task.rows or 0 for task in batch]
        try:
            outputs = run(joined)
        except ServingError:
            pass
        else:
            if all(value.ndim and len(value) == sum(rows) for value in outputs.values()):
                return _split(outputs, rows)
    return [_run_one(run, task) for task in batch]


def _run_one(run: Run, task: Task) -> dict[str, np.ndarray] | ServingError:
    try:
        return run(task.inputs)
    except ServingError as error:
        return error


def _split(outputs: Arrays, rows: Sequence[int]) -> list[dict[str, np.ndarray] | ServingError]:
    ends = np.cumsum(rows)
    return [
        {name: value[end - count : end] for name, value in outputs.items()}
        for count, end in zip(rows, ends, strict=True)
    ]


def _deliver(batch: Sequence[Task], finished: asyncio.Future[list[dict[str, np.ndarray] | ServingError]]) -> None:
    error = finished.exception()
    results = [error] * len(batch) if error else finished.result()
    for task, result in zip(batch, results, strict=True):
        if task.future.done():
            continue
        if isinstance(result, BaseException):
            task.future.set_exception(result)
        else:
            task.future.set_result(result)
