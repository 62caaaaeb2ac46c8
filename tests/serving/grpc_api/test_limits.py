"""What would take too much memory or time is refused, and the next good call is answered."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from serving.core.limits import Limits
from serving.core.model_spec import ModelSpec
from serving.core.servable import Servable
from serving.grpc_api.server import make_grpc_server
from tests.helpers.limits import wait_until
from tests.serving.conformance.grpc_cases import examples_request, spec
from tests.serving.grpc_api.running_server import (
    PREDICT,
    RunningServer,
    error_of,
    predict_request,
    running_server,
)
from visage.errors import VisageError
from visage.tf_serving_api import messages

pytestmark = pytest.mark.one_stack

LIMITS = Limits(
    body_bytes=100_000, bodies_in_flight_bytes=150_000, instances=1000, request_seconds=2, concurrent_calls=50
)

# 4 * 150,000 / 100,000
SLOW_PLACES = 4


@pytest.fixture(scope="module")
def limited(served_models: Path) -> Iterator[RunningServer]:
    """A server of narrow limits."""
    with running_server(served_models, LIMITS) as server:
        yield server


def test_a_large_message_is_refused(limited: RunningServer) -> None:
    assert error_of(limited.predict, np.zeros(30_000))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert limited.predict()


def test_a_large_message_is_refused_however_small_it_is_when_compressed(limited: RunningServer) -> None:
    code, _ = error_of(limited.predict, np.zeros(1_000_000), compression=grpc.Compression.Gzip)

    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert limited.predict(compression=grpc.Compression.Gzip)


def test_many_rows_are_refused(limited: RunningServer) -> None:
    assert error_of(limited.predict, np.zeros(1001)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "a request of 1001 instances; this server takes at most 1000",
    )


def test_a_text_for_many_places_is_refused(limited: RunningServer) -> None:
    request = messages.PredictRequest(model_spec=spec("battery", "texts"))
    request.inputs["text"].CopyFrom(
        messages.TensorProto(dtype=7, string_val=[b"a" * 1000], tensor_shape={"dim": [{"size": 500}]})
    )

    assert error_of(limited.call, PREDICT, request, messages.PredictResponse) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "text: its last text, repeated 499 times, has more than 100000 bytes",
    )


def test_a_context_for_many_examples_is_refused(limited: RunningServer) -> None:
    context = messages.Example()
    context.features.feature["text"].bytes_list.value.append(b"a" * 1000)
    request = examples_request(
        messages.ClassificationRequest, spec("battery", "classify"), *[messages.Example()] * 500, context=context
    )

    code, text = error_of(
        limited.call, "/tensorflow.serving.PredictionService/Classify", request, messages.ClassificationResponse
    )

    assert (code, text[:28]) == (grpc.StatusCode.INVALID_ARGUMENT, "the context of 500 examples ")


def test_large_metadata_is_refused(limited: RunningServer) -> None:
    metadata = [("a", "b" * 2 * LIMITS.header_bytes)]

    assert error_of(limited.predict, metadata=metadata)[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert limited.predict()


def test_more_calls_at_once_than_allowed_are_refused(served_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, released = Servable.run, asyncio.Event()

    async def held(self: Servable, *arguments: Any) -> Any:
        await released.wait()
        return await run(self, *arguments)

    async def release() -> None:
        released.set()

    monkeypatch.setattr(Servable, "run", held)
    with running_server(served_models, Limits(concurrent_calls=10), api_keys=["key"]) as server:
        method = server.method(PREDICT, messages.PredictResponse)
        key = [("x-api-key", "key")]
        calls = [method.future(predict_request([1.5]), metadata=key) for _ in range(10)]
        wait_until(lambda: server.server.calls.running == 10, "ten calls that run")

        # However many are refused, none of them makes room for the next.
        for _ in range(30):
            assert error_of(server.predict, metadata=key) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "10 calls are being answered; try again later",
            )
        assert error_of(server.predict)[0] == grpc.StatusCode.UNAUTHENTICATED

        server.run(release())
        assert {call.code() for call in calls} == {grpc.StatusCode.OK}
        assert server.predict(metadata=key)


def test_messages_that_never_end_take_few_places_and_go_after_a_time(limited: RunningServer) -> None:
    clients = [HalfACall(limited.address) for _ in range(20)]
    try:
        # Good calls are answered in the meantime.
        for _ in range(10):
            assert limited.predict()
        ends = [client.status() for client in clients]
    finally:
        for client in clients:
            client.close()
    # Who gets no place is refused at once.
    assert ends.count(b"4") == SLOW_PLACES
    assert ends.count(b"8") == 20 - SLOW_PLACES


def test_connections_that_say_nothing_do_no_harm(limited: RunningServer) -> None:
    host, port = limited.address.split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(50)]
    try:
        assert limited.predict()
    finally:
        for connection in silent:
            connection.close()
    assert limited.predict()


def test_a_port_in_use_is_reported(limited: RunningServer) -> None:
    async def listen() -> None:
        second = make_grpc_server(limited.models)
        second.add_port("127.0.0.1", int(limited.address.rpartition(":")[2]))

    with pytest.raises(VisageError, match=r"cannot be listened on for gRPC.*--grpc-port 0"):
        limited.run(listen())


def test_clients_that_hang_up_leave_nothing_behind(limited: RunningServer) -> None:
    method = limited.method(PREDICT, messages.PredictResponse)

    def hang_up() -> None:
        for _ in range(50):
            method.future(predict_request([1.5])).cancel()

    threads = [threading.Thread(target=hang_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    calls = limited.server.calls
    with limited.models.acquire(ModelSpec("battery")) as servable:
        wait_until(lambda: calls.running == 0, "the end of all calls")
        assert calls.received.bytes == 0
        assert calls.received.slow_places == SLOW_PLACES
        assert servable.requests == 1  # This one.
    wait_until(lambda: not servable.is_busy, "the end of all batches")
    assert not any(batcher.queue for batcher in servable._batchers.values())
    assert limited.predict()


class HalfACall:
    """A client that announces a message of 90,000 bytes and sends ten of them.

    The frames are those of RFC 9113; the headers are HPACK literals without indexing.
    """

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self._socket = socket.create_connection((host, int(port)))
        headers = {
            ":method": "POST", ":scheme": "http", ":path": PREDICT, ":authority": address, "te": "trailers",
            "content-type": "application/grpc",
        }  # fmt: skip
        block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers.items())
        body = b"\x00" + struct.pack(">I", 90_000) + b"a" * 10
        self._socket.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b"") + _frame(1, 4, 1, block) + _frame(0, 0, 1, body)
        )

    def status(self) -> bytes:
        """Returns the value of the trailer grpc-status that ends the stream."""
        received = b""
        while b"grpc-status" not in received:
            part = self._socket.recv(65536)
            assert part, received
            received += part
        value = received.partition(b"grpc-status")[2]
        return value[1 : 1 + value[0]]

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
