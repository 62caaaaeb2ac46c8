"""A real HTTP server around a model that needs no TensorFlow in Python."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from serving.core.model_config import ModelConfig
from serving.options import ServeOptions
from tests.serving.http_server import RunningHttp, run_http
from tests.serving.rest.graphs import save_graph


@pytest.fixture(scope="session")
def texts_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base path of the model "texts", whose version is 3."""
    base_path = tmp_path_factory.mktemp("texts")
    save_graph(base_path / "3")
    return base_path


@pytest.fixture(scope="session")
def rest(texts_model: Path) -> Iterator[RunningHttp]:
    """A server with default options, for tests that leave it as it is."""
    with run_http(ServeOptions([ModelConfig("texts", texts_model)])) as running:
        yield running


@pytest.fixture
def start_rest(texts_model: Path) -> Iterator[Callable[..., RunningHttp]]:
    """Starts servers with options of the test's own: `start_rest(limits=..., api_keys=...)`."""
    with ExitStack() as servers:

        def start(**options: Any) -> RunningHttp:
            return servers.enter_context(run_http(ServeOptions([ModelConfig("texts", texts_model)], **options)))

        yield start


def connect(server: RunningHttp) -> socket.socket:
    """Returns a connection for bytes that no HTTP client sends."""
    return socket.create_connection(("127.0.0.1", server.port))
