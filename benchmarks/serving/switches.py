"""Ten changes of version under 16 clients, two broken versions and a deletion among them."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from benchmarks.serving.clients import PREDICT, Answers, grpc_request, read_answer, rest_client, rest_request
from benchmarks.serving.server_process import ServerProcess, embedded_server
from visage.files import atomic_folder
from visage.prediction.loaded_model import find_model
from visage.tf_serving_api.messages import PredictResponse

REST_CLIENTS, GRPC_CLIENTS = 12, 4
_CALM_SECONDS = 6.0


@dataclass
class _Change:
    """One change of the folder: when it began, and when the server had taken note of it."""

    what: str
    start: float
    end: float = 0.0
    serves: int = 0


@dataclass
class _Traffic:
    """Requests that go on during the changes."""

    answers: Answers = field(default_factory=Answers)
    # When a gRPC request was sent, when it was answered, and by which version.
    versions: list[tuple[float, float, int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, server: ServerProcess, jpeg: bytes) -> None:
        """Sends requests until it is over."""

        async def clients() -> None:
            request = rest_request(jpeg)
            rest = [rest_client(server.rest_port, request, self.answers, self._goes_on) for _ in range(REST_CLIENTS)]
            versions = [self._note_versions(server.grpc_port, grpc_request(jpeg)) for _ in range(GRPC_CLIENTS)]
            await asyncio.gather(*rest, *versions)

        asyncio.run(clients())

    def _goes_on(self) -> bool:
        return not self.over.is_set()

    async def _note_versions(self, port: int, request: bytes) -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary(PREDICT, response_deserializer=PredictResponse.FromString)
            while self._goes_on():
                sent = time.perf_counter()
                try:
                    answer = await call(request)
                except grpc.aio.AioRpcError as error:
                    self.answers.failed.append(error.code().name)
                    continue
                self.versions.append((sent, time.perf_counter(), answer.model_spec.version.value))


def switches(base_path: Path, jpeg: bytes, scratch: Path) -> Iterator[str]:
    """Yields lines on failures and on the p99 during a change against that before all of them."""
    models = scratch / "visage"
    source = find_model(base_path)
    shutil.copytree(source, models / "1")
    with embedded_server(models) as server:
        traffic = _Traffic()
        thread = threading.Thread(target=traffic.run, args=(server, jpeg))
        thread.start()
        time.sleep(_CALM_SECONDS)
        calm_until = time.perf_counter()
        changes = [_timed(server, change) for change in _changes(models, source)]
        traffic.over.set()
        thread.join()
    answers = traffic.answers
    calm = _between(answers, 0, calm_until)
    yield f"{'change':<28}{'seconds':>8}{'p99 ms':>8}{'ratio':>7}"
    yield f"{'none':<28}{_CALM_SECONDS:>8.1f}{_p99(calm) * 1e3:>8.1f}"
    for change in changes:
        during = _between(answers, change.start, change.end)
        ratio = _p99(during) / _p99(calm)
        yield f"{change.what:<28}{change.end - change.start:>8.1f}{_p99(during) * 1e3:>8.1f}{ratio:>7.1f}"
    ratios = [_p99(_between(answers, change.start, change.end)) / _p99(calm) for change in changes]
    yield f"worst ratio: {max(ratios):.1f} (wanted <= 5); answers: {len(answers.seconds)}"
    wrong = [version for sent, end, version in traffic.versions if version not in _serving(changes, sent, end)]
    yield f"answers of a wrong version: {len(wrong)} of {len(traffic.versions)} (wanted 0)"
    yield f"failed: {len(answers.failed)} (wanted 0) {' '.join(sorted(set(answers.failed)))}"


def _changes(models: Path, source: Path) -> Iterator[_Change]:
    """Makes ten changes, one for each step of the iterator."""
    for number in range(2, 12):
        folder = models / str(number)
        start = time.perf_counter()
        if number in (4, 7):
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("variables"))
            yield _Change(f"{number}: broken, never serves", start, serves=number - 1)
            shutil.rmtree(folder)
        elif number == 9:
            shutil.rmtree(models / "8")
            yield _Change("8: deleted, 6 serves again", start, serves=6)
        else:
            with atomic_folder(folder, models / f".{number}") as partial:
                shutil.copytree(source, partial, dirs_exist_ok=True)
            yield _Change(f"{number}: pushed", start, serves=number)


def _timed(server: ServerProcess, change: _Change) -> _Change:
    """Waits until the right version serves and every other one is released or refused."""
    broken = "broken" in change.what
    while True:
        states = asyncio.run(_states(server.rest_port))
        newest = int(change.what.partition(":")[0])
        available = [number for number, state in states.items() if state == "AVAILABLE"]
        if available == [change.serves] and (not broken or states.get(newest) == "END"):
            break
        time.sleep(0.1)
    change.end = time.perf_counter()
    time.sleep(1)
    return change


def _serving(changes: list[_Change], sent: float, answered: float) -> set[int]:
    """Returns the versions that may answer a request: those that served at some time between its two ends."""
    starts = [0.0, *(change.start for change in changes)]
    ends = [*(change.end for change in changes), float("inf")]
    served = [1, *(change.serves for change in changes)]
    # A version serves from the beginning of the change to it until the end of the change from it.
    return {
        version for version, start, end in zip(served, starts, ends, strict=True) if sent <= end and answered >= start
    }


async def _states(port: int) -> dict[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /v1/models/visage HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _, _, body = await read_answer(reader)
    writer.close()
    return {int(one["version"]): one["state"] for one in json.loads(body)["model_version_status"]}


def _between(answers: Answers, start: float, end: float) -> list[float]:
    return [
        seconds for seconds, arrival in zip(answers.seconds, answers.arrivals, strict=True) if start <= arrival <= end
    ]


def _p99(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else float("nan")
