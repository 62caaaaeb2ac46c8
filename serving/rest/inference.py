"""Runs predict, classify and regress requests from their bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext
from functools import partial
from typing import Any, TypeVar

from serving.core.classify_regress import classify, regress
from serving.core.errors import Code, ServingError
from serving.core.model_server import ModelServer
from serving.core.servable import Servable
from serving.rest.json_document import parse_document
from serving.rest.json_examples import classification_body, parse_examples, regression_body
from serving.rest.json_outputs import format_outputs
from serving.rest.json_tensors import check_count, parse_inputs, signature_name
from serving.rest.paths import Target
from serving.rest.request_record import AccessRecord
from visage.saved_model.model_session import DEFAULT_SIGNATURE, Signature

# What takes longer than a millisecond or two goes to a thread, so that other requests do not wait.
_LARGE_BODY_BYTES = 2**18
_LARGE_BODY_VALUES = 1000
_LARGE_OUTPUT_VALUES = 10_000
# The objects of a parsed document may take more memory than its text, so that only so many exist at the same time.
_THREADS = 2

_Result = TypeVar("_Result")


class Inference:
    """Runs requests on the models of a server."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._threads = ThreadPoolExecutor(_THREADS, "json")
        self._large_documents = asyncio.Semaphore(_THREADS)

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False)

    async def run(self, call: Callable[[], _Result], in_thread: bool = True) -> _Result:
        """Returns what a call returns, out of one of the threads or at once."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call) if in_thread else call()

    async def reply_body(self, target: Target, body: bytes, record: AccessRecord) -> bytes:
        """Returns the JSON of the reply.

        Args:
            target: the model, and "predict", "classify" or "regress".
            body: JSON.
            record: receives version, signature and rows.

        Raises:
            ServingError: the request is refused, or the model fails.
        """
        with ExitStack() as held:
            if target.what == "predict":
                return await self._predict(target, body, record, held)
            return await self._classify_or_regress(target, body, record, held)

    async def _predict(self, target: Target, body: bytes, record: AccessRecord, held: ExitStack) -> bytes:
        is_large = _is_large(body)
        async with self._documents(is_large):
            document = await self.run(partial(parse_document, body), is_large)
            name = signature_name(document)
            servable = self._acquire(target, record, held)
            signature = _signature(servable, name)
            # Not before, so that the log has no name that a client invented.
            record.signature = name or DEFAULT_SIGNATURE
            most = self._server.limits.instances
            inputs, row_format = await self.run(partial(parse_inputs, document, signature, most), is_large)
            del document
        record.rows = max((len(value) for value in inputs.values() if value.ndim), default=None)
        outputs = await servable.run(record.signature, inputs)
        is_large = sum(value.size for value in outputs.values()) > _LARGE_OUTPUT_VALUES
        return await self.run(partial(format_outputs, outputs, row_format), is_large)

    async def _classify_or_regress(self, target: Target, body: bytes, record: AccessRecord, held: ExitStack) -> bytes:
        is_large = _is_large(body)
        async with self._documents(is_large):
            document = await self.run(partial(parse_document, body), is_large)
            name = signature_name(document)
            examples = await self.run(partial(parse_examples, document), is_large)
            del document
        check_count(len(examples), self._server.limits.instances)
        record.rows = len(examples)
        servable = self._acquire(target, record, held)
        chosen = name or DEFAULT_SIGNATURE
        record.signature = chosen if chosen in servable.signatures else ""
        if target.what == "classify":
            return classification_body(await classify(servable, name, examples), len(examples))
        return regression_body(await regress(servable, name, examples))

    def _documents(self, is_large: bool) -> AbstractAsyncContextManager[Any]:
        return self._large_documents if is_large else nullcontext()

    def _acquire(self, target: Target, record: AccessRecord, held: ExitStack) -> Servable:
        servable = held.enter_context(self._server.acquire(target.spec))
        record.version = servable.version
        return servable


def _is_large(body: bytes) -> bool:
    # Whatever parses it takes up to three microseconds for each value and escape, so a size alone is no measure.
    return len(body) > _LARGE_BODY_BYTES or sum(map(body.count, (b",", b"[", b"{", b"\\"))) > _LARGE_BODY_VALUES


def _signature(servable: Servable, name: str) -> Signature:
    """Returns a signature that has inputs; the default one for an empty name."""
    chosen = name or DEFAULT_SIGNATURE
    if chosen not in servable.signatures:
        raise ServingError(Code.INVALID_ARGUMENT, f'Serving signature name: "{chosen}" not found in signature def')
    signature = servable.signatures[chosen]
    if not signature.inputs:
        raise ServingError(Code.INVALID_ARGUMENT, f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return signature
