"""One loaded version of a model, whose signatures requests run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from serving.core.batcher import Batcher, SessionThreads
from serving.core.errors import Code, ServingError
from serving.core.image_limits import pixels_of
from serving.core.limits import Limits
from serving.core.metrics import Metrics
from serving.request_statistics.statistics import RequestStatistics
from visage.saved_model.cpp_loader.c_api import TensorFlowError
from visage.saved_model.metadata import ModelMetadata
from visage.saved_model.model_session import ModelSession, Signature


class Servable:
    """A version in memory.

    Attributes:
        name: the model's name.
        version: the number of its folder.
        metadata: its visage.json; None for a model that VisAge did not train.
        signatures: by name.
        signature_defs: the same as SignatureDef messages.
        requests: those that use it now.
    """

    def __init__(
        self,
        name: str,
        version: int,
        metadata: ModelMetadata | None,
        session: ModelSession,
        threads: SessionThreads,
        limits: Limits,
        metrics: Metrics,
        statistics: RequestStatistics | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.metadata = metadata
        self.signatures: Mapping[str, Signature] = session.signatures
        self.signature_defs: Mapping[str, Any] = session.signature_defs
        self.requests = 0
        self._session = session
        self._threads = threads
        self._limits = limits
        self._metrics = metrics
        self._statistics = statistics
        self._batchers: dict[str, Batcher] = {}

    @property
    def is_busy(self) -> bool:
        """Returns whether a request uses it or a batch still runs on it."""
        return self.requests > 0 or any(batcher.running for batcher in self._batchers.values())

    async def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Calls a signature, in a batch with what else waits for it.

        Args:
            signature: a key of `signatures`.
            inputs: an array for each of its inputs; strings as dtype object holding bytes.
            outputs: names of the outputs to return; None: all.

        Returns:
            An array for each output; strings as dtype object holding bytes.

        Raises:
            ServingError: the graph fails on these inputs; an image, the number of rows or the queue is too large.
        """
        found = await self._run(signature, inputs)
        if self._statistics is not None:
            self._statistics.answered(self.name, self.version, inputs, found)
        return found if outputs is None else {name: found[name] for name in outputs}

    async def _run(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        pixels = self._pixels(inputs)
        batcher = self._batcher(signature)
        rows = _rows(self.signatures[signature], inputs)
        most = self._threads.limits.max_batch_size
        self._metrics.count_examples(self.name, rows or 1)
        if rows is None or rows <= most:
            return await batcher.submit(inputs, rows, sum(pixels))
        self._check_rows(rows)
        # One after another, so that other requests get their turn in between.
        parts = [
            await batcher.submit(
                {name: value[start : start + most] for name, value in inputs.items()},
                min(most, rows - start),
                sum(pixels[start : start + most]),
            )
            for start in range(0, rows, most)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def run_now(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """Calls a signature in this thread, outside the queue: for warm-up.

        Raises:
            TensorFlowError: the graph fails.
            ServingError: the request has more rows than TensorFlow Serving takes with the same batching.
        """
        self._check_rows(_rows(self.signatures[signature], inputs) or 1)
        self._session.run(inputs, signature)

    async def close(self) -> None:
        """Waits for the requests and batches that still use it, then releases its memory."""
        while self.is_busy:
            await asyncio.sleep(_BUSY_POLL_SECONDS)
        await asyncio.to_thread(self._session.close)

    def close_now(self) -> None:
        """Releases its memory; no request may have used it."""
        self._session.close()

    def _batcher(self, signature: str) -> Batcher:
        # Whatever outputs requests want, all are computed: those of one signature share its queue and its batches.
        if signature not in self._batchers:
            self._batchers[signature] = Batcher(partial(self._run_batch, signature), self._threads)
        return self._batchers[signature]

    def _run_batch(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        started = time.perf_counter()
        try:
            return self._session.run(inputs, signature)
        except TensorFlowError as error:
            raise ServingError(Code(error.code), str(error)) from error
        finally:
            self._metrics.observe_runtime(self.name, time.perf_counter() - started)

    def _check_rows(self, rows: int) -> None:
        limits = self._threads.limits
        if rows > limits.max_batch_size and not limits.split_large_requests:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Task size {rows} is larger than maximum input batch size {limits.max_batch_size}",
            )

    def _pixels(self, inputs: Mapping[str, np.ndarray]) -> list[int]:
        """Returns the pixels of the images in each row."""
        found = [pixels_of(value.flat) for value in inputs.values() if value.dtype == object]
        most = self._limits.image_pixels
        for pixels in found:
            if pixels and max(pixels) > most:
                raise ServingError(
                    Code.INVALID_ARGUMENT, f"an image has {max(pixels)} pixels; this server takes at most {most}"
                )
        return found[0] if found else []


_BUSY_POLL_SECONDS = 0.05


def _rows(signature: Signature, inputs: Mapping[str, np.ndarray]) -> int | None:
    """Returns the first axis that inputs and outputs have in common; None if they cannot be joined with others."""
    tensors = [*signature.inputs.values(), *signature.outputs.values()]
    if not all(tensor.shape is not None and tensor.shape[:1] == (-1,) for tensor in tensors):
        return None
    sizes = {value.shape[0] if value.ndim else 0 for value in inputs.values()}
    return sizes.pop() if len(sizes) == 1 and 0 not in sizes else None
