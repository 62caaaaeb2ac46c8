"""The servers that the suite calls: `visage serve` in a process of its own, and any other by its address."""

from __future__ import annotations

import fcntl
import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from tests.helpers.project import PROJECT
from tests.serving.conformance.grpc_cases import METHODS, GrpcCase
from tests.serving.conformance.models import CONFIG
from tests.serving.conformance.rest_cases import RestCase
from tests.serving.serve_process import environment, serve

ADDRESS_VARIABLE = "VISAGE_TEST_SERVER"
_TIMEOUT_SECONDS = 60
# In the first line of `visage serve` that is no warning.


@dataclass
class Target:
    """A server with the models of models.py.

    Attributes:
        host: its address.
        rest_port: of REST.
        grpc_port: of gRPC.
        is_embedded: whether it is ours, whose differences are listed.
    """

    host: str
    rest_port: int
    grpc_port: int
    is_embedded: bool

    def __post_init__(self) -> None:
        self._channel = grpc.insecure_channel(f"{self.host}:{self.grpc_port}")

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def request(self, case: RestCase) -> tuple[int, str]:
        """Returns the HTTP status and the body."""
        connection = http.client.HTTPConnection(self.host, self.rest_port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(case.method, case.path, case.content(), dict(case.headers))
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def call(self, case: GrpcCase) -> tuple[int, str, Any]:
        """Returns the code of the status, its text, and the response; None after an error."""
        service, response_class = METHODS[case.method]
        return self.send(f"/tensorflow.serving.{service}/{case.method}", case.request, response_class)

    def send(self, path: str, request: Any, response_class: Any) -> tuple[int, str, Any]:
        """Calls a method by its full name; returns what `call` does."""
        method = self._channel.unary_unary(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response_class.FromString,
        )
        try:
            return 0, "", method(request, timeout=_TIMEOUT_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            return error.code().value[0], error.details() or "", None


def target_at(address: str) -> Target:
    """Returns the server at HOST:REST_PORT:GRPC_PORT."""
    host, rest_port, grpc_port = address.rsplit(":", 2)
    return Target(host, int(rest_port), int(grpc_port), is_embedded=False)


def shared_models(folder: Path) -> Path:
    """Returns a folder with the models of models.py, written once for all processes of a test run."""
    models = folder / "conformance_models"
    with (folder / "conformance_models.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (models / CONFIG).exists():
            command = [sys.executable, "-m", "tests.serving.conformance.models", str(models)]
            subprocess.run(command, cwd=PROJECT, env=environment(), check=True, stdout=sys.stderr)
    return models


@contextmanager
def embedded_server(models: Path) -> Iterator[Target]:
    """Runs `visage serve` with the models."""
    with serve("--models-config", str(models / CONFIG)) as (rest_port, grpc_port):
        target = Target("127.0.0.1", rest_port, grpc_port, is_embedded=True)
        yield target
        target.close()
