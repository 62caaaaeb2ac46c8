"""Health checks follow the models, and need no key."""

import asyncio
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from serving.core.limits import Limits
from serving.grpc_api.health import MOST_WATCHERS
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.serving.grpc_api.running_server import (
    CHECK,
    NOT_SERVING,
    SERVING,
    WATCH,
    RunningServer,
    error_of,
    running_server,
)
from visage.tf_serving_api import messages

pytestmark = pytest.mark.one_stack


@pytest.mark.parametrize(
    "service", ["", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "grpc.health.v1.Health"]
)
def test_each_service_is_serving_while_the_models_are_ready(running: RunningServer, service: str) -> None:
    assert check(running, service) == SERVING


def test_an_unknown_service_is_not_found(running: RunningServer) -> None:
    request = messages.HealthCheckRequest(service="other")

    code, _ = error_of(running.call, CHECK, request, messages.HealthCheckResponse)

    assert code == grpc.StatusCode.NOT_FOUND
    assert next(iter(watch(running, "other"))).status == 3  # SERVICE_UNKNOWN


def test_a_watcher_learns_of_the_end_and_does_not_delay_it(served_models: Path) -> None:
    with running_server(served_models) as server:
        answers = iter(watch(server))
        assert next(answers).status == SERVING

        server.models.begin_to_end()
        assert next(answers).status == NOT_SERVING
        assert check(server) == NOT_SERVING

        start = time.monotonic()
        server.run(server.server.stop(HANG_GUARD_SECONDS))
        assert time.monotonic() - start < HANG_GUARD_SECONDS
        assert [answer.status for answer in answers] == [NOT_SERVING]


def test_health_needs_no_key(served_models: Path) -> None:
    with running_server(served_models, api_keys=("secret",)) as server:
        assert check(server) == SERVING
        assert error_of(server.predict)[0] == grpc.StatusCode.UNAUTHENTICATED


def test_a_watcher_that_hangs_up_is_forgotten(served_models: Path) -> None:
    async def count_tasks() -> int:
        return len(asyncio.all_tasks())

    with running_server(served_models) as server:
        check(server)
        before = server.run(count_tasks())
        calls = [watch(server) for _ in range(5)]
        for call in calls:
            next(iter(call))
        assert server.run(count_tasks()) > before

        for call in calls:
            call.cancel()

        wait_until(lambda: server.run(count_tasks()) <= before, "the end of all watchers' tasks")


def test_watchers_are_few_and_take_no_places_of_other_calls(served_models: Path) -> None:
    with running_server(served_models, Limits(concurrent_calls=4)) as server:
        streams = [watch(server) for _ in range(MOST_WATCHERS + 20)]
        opened = [stream for stream in streams if is_open(stream)]
        assert len(opened) == MOST_WATCHERS
        refused = next(stream for stream in streams if stream not in opened)
        assert refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED

        assert [server.predict().model_spec.name for _ in range(20)] == ["battery"] * 20
        assert check(server) == SERVING

        opened[0].cancel()
        wait_until(lambda: is_open(watch(server)), "a place that is free again")
        for stream in opened:
            stream.cancel()


def is_open(stream: Any) -> bool:
    try:
        return bool(next(iter(stream)).status == SERVING)
    except grpc.RpcError:
        return False


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"\xff\xff", grpc.StatusCode.INTERNAL),
        (messages.HealthCheckRequest(service="a" * 2000).SerializeToString(), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_what_is_no_health_check_is_refused(
    running: RunningServer, request_bytes: bytes, code: grpc.StatusCode
) -> None:
    assert error_of(running.call, CHECK, request_bytes, messages.HealthCheckResponse)[0] == code
    assert check(running) == SERVING


def check(server: RunningServer, service: str = "") -> int:
    request = messages.HealthCheckRequest(service=service)
    return int(server.call(CHECK, request, messages.HealthCheckResponse).status)


def watch(server: RunningServer, service: str = "") -> Any:
    method = server.channel.unary_stream(
        WATCH,
        request_serializer=messages.HealthCheckRequest.SerializeToString,
        response_deserializer=messages.HealthCheckResponse.FromString,
    )
    return method(messages.HealthCheckRequest(service=service), timeout=HANG_GUARD_SECONDS)
