"""Clients that cost little beside the server: kept connections, and requests whose bytes are made once."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import grpc
import numpy as np

from visage.tf_serving_api.messages import PredictRequest
from visage.tf_serving_api.tensors import to_proto

PREDICT = "/tensorflow.serving.PredictionService/Predict"


@dataclass
class Answers:
    """What clients got.

    Attributes:
        seconds: of each good answer, in the order of their arrival.
        arrivals: `time.perf_counter()` of the same.
        failed: other answers, and connections that ended without one.
    """

    seconds: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """Returns a percentile of the seconds."""
        return float(np.percentile(self.seconds, percent))


def rest_request(jpeg: bytes, path: str = "/v1/models/visage:predict") -> bytes:
    """Returns the bytes of a predict request for one crop."""
    body = json.dumps({"instances": [{"b64": base64.b64encode(jpeg).decode()}]}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def grpc_request(jpeg: bytes) -> bytes:
    """Returns the serialized PredictRequest for one crop."""
    request = PredictRequest()
    request.model_spec.name = "visage"
    request.inputs["image_bytes"].CopyFrom(to_proto(np.array([jpeg], object)))
    return bytes(request.SerializeToString())


async def rest_client(port: int, request: bytes, answers: Answers, more: Callable[[], bool]) -> None:
    """Sends a request again and again on one kept connection, which is opened again where the server closes it."""
    connection = None
    while more():
        if connection is None:
            connection = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = connection
        start = time.perf_counter()
        try:
            writer.write(request)
            status, closes, _ = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            answers.failed.append(type(error).__name__)
            connection = None
            continue
        _add(answers, start, status == 200, f"status {status}")
        if closes:
            writer.close()
            connection = None
    if connection is not None:
        connection[1].close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bool, bytes]:
    """Reads an HTTP answer: its status, whether the server closes the connection, its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    return int(head[9:12]), b"connection: close" in head, body


async def grpc_client(port: int, request: bytes, answers: Answers, more: Callable[[], bool]) -> None:
    """Sends a request again and again on one channel."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = channel.unary_unary(PREDICT)
        while more():
            start = time.perf_counter()
            try:
                await call(request)
            except grpc.aio.AioRpcError as error:
                answers.failed.append(error.code().name)
            else:
                _add(answers, start, True, "")


def _add(answers: Answers, start: float, good: bool, otherwise: str) -> None:
    if not good:
        answers.failed.append(otherwise)
        return
    now = time.perf_counter()
    answers.seconds.append(now - start)
    answers.arrivals.append(now)


Client = Callable[[int, bytes, Answers, Callable[[], bool]], Awaitable[None]]


def run_clients(client: Client, port: int, request: bytes, clients: int, requests: int) -> tuple[Answers, float]:
    """Runs clients until all requests together are sent; returns the answers and the wall seconds."""
    answers = Answers()
    left = requests

    def more() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    async def all_clients() -> None:
        await asyncio.gather(*[client(port, request, answers, more) for _ in range(clients)])

    start = time.perf_counter()
    asyncio.run(all_clients())
    return answers, time.perf_counter() - start
