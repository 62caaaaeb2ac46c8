"""A real HTTP server around a model that needs no TensorFlow in Python."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from serving.core.limits import Limits
from serving.core.model_config import ModelConfig
from serving.core.model_server import ModelServer
from serving.rest.app import RestApp
from serving.rest.options import RestOptions
from tests.serving.rest.graphs import save_graph


@dataclass
class RunningRest:
    """A server in a thread of this process, at `url`, with version 3 of the model "texts"."""

    url: str
    port: int
    app: RestApp
    models: ModelServer
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def connect(self) -> socket.socket:
        """Returns a connection for bytes that no HTTP client sends."""
        return socket.create_connection(("127.0.0.1", self.port))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs something in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


@pytest.fixture(scope="session")
def texts_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base path of the model."""
    base_path = tmp_path_factory.mktemp("texts")
    save_graph(base_path / "3")
    return base_path


@pytest.fixture(scope="session")
def rest(texts_model: Path) -> Iterator[RunningRest]:
    """A server with default options, for tests that leave it as it is."""
    with serving(texts_model) as running:
        yield running


@pytest.fixture
def start_rest(texts_model: Path) -> Iterator[Callable[..., RunningRest]]:
    """Starts servers with options of the test's own: `start_rest(limits=..., options=...)`."""
    contexts = []

    def start(**options: Any) -> RunningRest:
        context = serving(texts_model, **options)
        contexts.append(context)
        return context.__enter__()

    yield start
    for context in contexts:
        context.__exit__(None, None, None)


@contextmanager
def serving(
    base_path: Path, limits: Limits | None = None, options: RestOptions | None = None, **arguments: Any
) -> Iterator[RunningRest]:
    """Runs a server inside the `with` block."""
    started = threading.Event()
    running: list[RunningRest] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    async def serve() -> None:
        models = ModelServer([ModelConfig("texts", base_path)], limits=limits, poll_seconds=0.05)
        await models.start()
        app = RestApp(models, options, **arguments)
        config = uvicorn.Config(app, lifespan="off", log_level="critical", loop="asyncio", ws="none")
        server = uvicorn.Server(config)
        running.append(RunningRest(f"http://127.0.0.1:{port}", port, app, models, asyncio.get_running_loop()))
        running_server.append(server)
        started.set()
        await server.serve(sockets=[listener])
        app.close()
        await models.close()

    running_server: list[uvicorn.Server] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not started.wait(0.05):
        assert thread.is_alive()
    # The socket takes connections once uvicorn listens.
    while not running_server[0].started:
        assert thread.is_alive()
        started.wait(0.01)
    yield running[0]
    running_server[0].force_exit = running_server[0].should_exit = True
    thread.join()
