"""Memory over many requests and under large ones; broken requests, slow and half-open connections, huge headers."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import grpc
from PIL import Image

from benchmarks.serving.clients import (
    PREDICT,
    Answers,
    grpc_client,
    grpc_request,
    read_answer,
    rest_client,
    rest_request,
    run_clients,
)
from benchmarks.serving.server_process import ServerProcess, embedded_server

MIB = 2**20
_CLIENTS = 16
_CHECK_EVERY = 500


def memory(base_path: Path, jpeg: bytes, requests: int) -> Iterator[str]:
    """Yields lines on the growth of memory over many requests, and on its peak under the largest ones."""
    with embedded_server(base_path) as server:
        run_clients(rest_client, server.rest_port, rest_request(jpeg), _CLIENTS, requests // 20)
        run_clients(grpc_client, server.grpc_port, grpc_request(jpeg), _CLIENTS, requests // 20)
        before = server.memory
        for _ in range(5):
            for client, port, request in (
                (rest_client, server.rest_port, rest_request(jpeg)),
                (grpc_client, server.grpc_port, grpc_request(jpeg)),
            ):
                answers, _ = run_clients(client, port, request, _CLIENTS, requests // 10)
                if answers.failed:
                    yield f"failed: {len(answers.failed)} {answers.failed[0]}"
            yield f"  {server.memory / MIB:.0f} MiB"
        growth = server.memory / before - 1
        yield f"{requests:,} requests: {before / MIB:.0f} MiB before, growth {growth:.1%} (wanted < 5 %)"
    with embedded_server(base_path) as server:
        large_ones = dict(_large_requests(jpeg))
        for name, large in large_ones.items():
            yield _at_once(server, jpeg, name, [large] * 8)
        everything = [large for large in large_ones.values() for _ in range(3)]
        for _ in range(3):
            yield _at_once(server, jpeg, "all of them", everything)
        asyncio.run(_hang_up(server.rest_port, large_ones["1,000 faces in one request"], 200))
        yield f"200 clients hung up: the next good request {_good_request(server, jpeg):.2f} s"
        yield f"peak {server.peak_memory / MIB:.0f} MiB (wanted < 2048)"


def fuzz(base_path: Path, jpeg: bytes, requests: int, seed: int) -> Iterator[str]:
    """Yields lines on broken requests over both protocols, and on connections that misbehave."""
    chance = random.Random(seed)
    with embedded_server(base_path) as server, ExitStack() as held:
        slowest = 0.0
        for name, send in (("REST", _fuzz_rest), ("gRPC", _fuzz_grpc)):
            outcomes: dict[str, int] = {}
            for start in range(0, requests, _CHECK_EVERY):
                for outcome in asyncio.run(send(server, jpeg, chance, min(_CHECK_EVERY, requests - start))):
                    outcomes[outcome] = outcomes.get(outcome, 0) + 1
                slowest = max(slowest, _good_request(server, jpeg))
            yield f"{requests:,} broken requests over {name}: {dict(sorted(outcomes.items()))}"
        for name, make in (("half-open", _half_open), ("slow header", _slow_header), ("huge header", _huge_header)):
            for _ in range(200):
                held.enter_context(make(server.rest_port if chance.random() < 0.5 else server.grpc_port))
            seconds = _good_request(server, jpeg)
            slowest = max(slowest, seconds)
            yield f"200 connections with a {name}: the next good request {seconds:.2f} s"
        alive = server.process.poll() is None
        yield f"crashes: {0 if alive else 1} (wanted 0); slowest good request {slowest:.2f} s (wanted < 1)"


def _good_request(server: ServerProcess, jpeg: bytes) -> float:
    """Returns the seconds of one good request over each protocol, on new connections."""
    start = time.perf_counter()
    for client, port, request in (
        (rest_client, server.rest_port, rest_request(jpeg)),
        (grpc_client, server.grpc_port, grpc_request(jpeg)),
    ):
        answers: Answers = run_clients(client, port, request, 1, 1)[0]
        if answers.failed:
            raise SystemExit(f"a good request failed: {answers.failed[0]}")
    return time.perf_counter() - start


def _at_once(server: ServerProcess, jpeg: bytes, name: str, requests: list[_Large]) -> str:
    """Sends requests at the same time, and a good one after them."""
    seconds, outcomes = asyncio.run(_send_at_once(server, requests))
    peak = f"peak {server.peak_memory / MIB:.0f} MiB"
    return f"{name:<34}{seconds:>6.1f} s  {outcomes}  {peak}, the next good request {_good_request(server, jpeg):.2f} s"


@dataclass(frozen=True)
class _Large:
    """A request: a REST path, or None for gRPC's Predict, and a body."""

    path: str | None
    body: bytes


def _large_requests(jpeg: bytes) -> Iterator[tuple[str, _Large]]:
    predict = "/v1/models/visage:predict"
    row = {"b64": base64.b64encode(jpeg).decode()}
    yield "20,000 faces in one request", _Large(predict, json.dumps({"instances": [row] * 20_000}).encode())
    yield "1,000 faces in one request", _Large(predict, json.dumps({"instances": [row] * 1000}).encode())
    yield "31 MiB of numbers", _Large(predict, b'{"instances": [' + b"1," * (31 * MIB // 2) + b"1]}")
    yield "28 MB of short texts", _Large(predict, b'{"instances": [' + b'"%s",' % (b"a" * 54) * 490_000 + b"1]}")
    yield "31 MiB of brackets", _Large(predict, b'{"instances": ' + b"[" * (31 * MIB))
    yield "23 MiB of JPEG markers", _Large(predict, _instances(b"\xff\xd8" + b"\xff\xe0\x00\x02" * (23 * MIB // 4)))
    yield "30 MB over gRPC", _Large(None, grpc_request(b"\xff\xd8\xff" + bytes(30_000_000)))
    for width, height in ((7000, 5700), (20_000, 20_000)):
        pixels = width * height // 10**6
        yield f"a JPEG of {pixels} megapixels", _Large(predict, _instances(_image("JPEG", width, height)))
    yield "a WebP of 25 megapixels, page", _Large("/demo/predict", _image("WEBP", 4990, 4990))


def _instances(image: bytes) -> bytes:
    return json.dumps({"instances": [{"b64": base64.b64encode(image).decode()}]}).encode()


def _image(format_: str, width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, format_, quality=20, progressive=True)
    return file.getvalue()


async def _send_at_once(server: ServerProcess, requests: list[_Large]) -> tuple[float, dict[str, int]]:
    start = time.perf_counter()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.grpc_port}", _ANY_SIZE) as channel:
        outcomes = await asyncio.gather(*[_outcome(server.rest_port, channel, request) for request in requests])
    return time.perf_counter() - start, dict(Counter(sorted(outcomes)))


_ANY_SIZE = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


async def _outcome(port: int, channel: grpc.aio.Channel, request: _Large) -> str:
    if request.path is None:
        try:
            await channel.unary_unary(PREDICT)(request.body, timeout=60)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return "OK"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError):
        writer.write(_http(request))
    try:
        return str((await read_answer(reader))[0])
    except (OSError, asyncio.IncompleteReadError):
        return "closed"
    finally:
        writer.close()


def _http(request: _Large) -> bytes:
    head = f"POST {request.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(request.body)}\r\n\r\n"
    return head.encode() + request.body


async def _hang_up(port: int, request: _Large, clients: int) -> None:
    """Sends requests and closes the connections before their answers."""

    async def one() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_http(request))
        with suppress(OSError):
            await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()

    await asyncio.gather(*[one() for _ in range(clients)])


async def _fuzz_rest(server: ServerProcess, jpeg: bytes, chance: random.Random, count: int) -> list[str]:
    async def one() -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.rest_port)
        try:
            writer.write(_broken_http(jpeg, chance))
            writer.write_eof()
            head = await asyncio.wait_for(reader.read(12), 60)
            return head[9:12].decode("latin-1") or "closed"
        except OSError:
            return "closed"
        finally:
            writer.close()

    return [outcome for _ in range(0, count, 20) for outcome in await asyncio.gather(*[one() for _ in range(20)])]


def _broken_http(jpeg: bytes, chance: random.Random) -> bytes:
    request = rest_request(_mutated(jpeg, chance) if chance.random() < 0.5 else jpeg)
    head, _, body = request.partition(b"\r\n\r\n")
    kind = chance.randrange(5)
    if kind == 0:
        return _mutated(request, chance)
    if kind == 1:
        return head + b"\r\n\r\n" + _mutated(body, chance)
    if kind == 2:
        return _mutated(head, chance) + b"\r\n\r\n" + body
    if kind == 3:
        return chance.randbytes(chance.randrange(2000))
    return request[: chance.randrange(len(request))]


async def _fuzz_grpc(server: ServerProcess, jpeg: bytes, chance: random.Random, count: int) -> list[str]:
    methods = [PREDICT, *(f"/tensorflow.serving.PredictionService/{name}" for name in _METHODS), _STATUS, _RELOAD]

    async def one(channel: grpc.aio.Channel) -> str:
        request = _mutated(grpc_request(jpeg), chance)
        call: Callable = channel.unary_unary(chance.choice(methods))
        try:
            await call(request, timeout=60)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return "OK"

    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        return [
            outcome for _ in range(0, count, 20) for outcome in await asyncio.gather(*[one(channel) for _ in range(20)])
        ]


_METHODS = ("Classify", "Regress", "MultiInference", "GetModelMetadata")
_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
_RELOAD = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"


def _mutated(content: bytes, chance: random.Random) -> bytes:
    """Returns bytes of which a few were changed, left out or doubled."""
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        if not changed:
            break
        position = chance.randrange(len(changed))
        length = min(chance.choice((1, 1, 4, 100)), len(changed) - position)
        kind = chance.randrange(3)
        if kind == 0:
            changed[position : position + length] = chance.randbytes(length)
        elif kind == 1:
            del changed[position : position + length]
        else:
            changed[position:position] = changed[position : position + length]
    return bytes(changed)


def _half_open(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def _slow_header(port: int) -> socket.socket:
    connection = _half_open(port)
    connection.sendall(b"POST /v1/models/visage:predict HTTP/1.1\r\nHost: loc")
    return connection


def _huge_header(port: int) -> socket.socket:
    connection = _half_open(port)
    with suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * MIB)
    return connection
