"""Latency of one client, throughput of 16, and the time from start to the first answer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.serving.clients import (
    Answers,
    Client,
    grpc_client,
    grpc_request,
    rest_client,
    rest_request,
    run_clients,
)
from benchmarks.serving.server_process import ServerProcess, embedded_server, free_port, running
from visage.prediction.loaded_model import find_model
from visage.saved_model.model_session import ModelSession

CLIENTS = 16
_SINGLE_REQUESTS, _ROUNDS = 150, 4
_MANY_REQUESTS, _FEW_REQUESTS = 6000, 300


def latency(base_path: Path, jpeg: bytes) -> Iterator[str]:
    """Yields lines on the median of one client against the signature called in process, in alternating rounds."""
    session = ModelSession(find_model(base_path))
    image = {"image_bytes": np.array([jpeg], object)}
    medians: dict[str, list[float]] = {"in process": [], "REST": [], "gRPC": []}
    with embedded_server(base_path) as server:
        for _ in range(_ROUNDS):
            medians["in process"].append(_median_in_process(session, image))
            rest, _ = run_clients(rest_client, server.rest_port, rest_request(jpeg), 1, _SINGLE_REQUESTS)
            grpc, _ = run_clients(grpc_client, server.grpc_port, grpc_request(jpeg), 1, _SINGLE_REQUESTS)
            medians["REST"].append(_good(rest).percentile(50))
            medians["gRPC"].append(_good(grpc).percentile(50))
    base = statistics.median(medians["in process"])
    yield f"{'one face, one client':<34}{'p50 ms':>8}{'ratio':>8}   wanted"
    for name, values in medians.items():
        value = statistics.median(values)
        wanted = "" if name == "in process" else "<= 1.2"
        yield f"{name:<34}{value * 1e3:>8.2f}{value / base:>8.2f}   {wanted}"


def throughput(base_path: Path, jpeg: bytes) -> Iterator[str]:
    """Yields lines on 16 clients: batching, no batching, and `model.predict` behind a web framework."""
    yield f"{'16 clients':<34}{'req/s':>8}{'CPU ms':>8}{'p50 ms':>8}{'p99 ms':>8}"
    rates = {}
    with embedded_server(base_path) as server:
        rates["REST"], line = _row("REST", server, rest_client, server.rest_port, rest_request(jpeg), _MANY_REQUESTS)
        yield line
        rates["gRPC"], line = _row("gRPC", server, grpc_client, server.grpc_port, grpc_request(jpeg), _MANY_REQUESTS)
        yield line
    with tempfile.NamedTemporaryFile("w", suffix=".config") as file:
        file.write("max_batch_size { value: 1 } max_enqueued_batches { value: 1000 }")
        file.flush()
        with embedded_server(base_path, ["--batching-parameters", file.name]) as server:
            rates["alone"], line = _row(
                "REST without batching", server, rest_client, server.rest_port, rest_request(jpeg), _MANY_REQUESTS // 3
            )
            yield line
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.serving.predict_app", str(port)], port) as process:
        peer = ServerProcess(process, port, 0)
        run_clients(rest_client, port, rest_request(jpeg), 1, 5)
        rates["peer"], line = _row(
            "model.predict behind Starlette", peer, rest_client, port, rest_request(jpeg), _FEW_REQUESTS
        )
        yield line
    yield f"batching against none: {rates['REST'] / rates['alone']:.1f} (wanted >= 2)"
    yield f"against model.predict: {rates['REST'] / rates['peer']:.1f} (wanted >= 15)"


def start(base_path: Path, jpeg: bytes) -> Iterator[str]:
    """Yields lines on the time from start to the first answer, against the import of TensorFlow."""
    imports, starts = [], []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, capture_output=True)
        imports.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        with embedded_server(base_path) as server:
            _good(run_clients(rest_client, server.rest_port, rest_request(jpeg), 1, 1)[0])
            starts.append(time.perf_counter() - begin)
    imported, started = statistics.median(imports), statistics.median(starts)
    yield f"import tensorflow: {imported:.1f} s; start to first answer: {started:.1f} s (wanted < 3 s)"
    yield f"ratio: {started / imported:.2f} (wanted <= 1.3)"


def _row(
    name: str, server: ServerProcess, client: Client, port: int, request: bytes, requests: int
) -> tuple[float, str]:
    run_clients(client, port, request, CLIENTS, 10 * CLIENTS)
    before = server.cpu_seconds
    answers, wall = run_clients(client, port, request, CLIENTS, requests)
    cpu = (server.cpu_seconds - before) / requests
    _good(answers)
    rate = requests / wall
    shown = f"{answers.percentile(50) * 1e3:>8.1f}{answers.percentile(99) * 1e3:>8.1f}"
    return rate, f"{name:<34}{rate:>8.0f}{cpu * 1e3:>8.2f}{shown}"


def _good(answers: Answers) -> Answers:
    if answers.failed:
        raise SystemExit(f"{len(answers.failed)} requests failed: {answers.failed[0]}")
    return answers


def _median_in_process(session: ModelSession, inputs: dict[str, np.ndarray]) -> float:
    seconds = []
    for _ in range(_SINGLE_REQUESTS):
        begin = time.perf_counter()
        session.run(inputs)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)
