"""One small model for all serving tests, and a real server of both protocols."""

import asyncio
import io
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from serving.core.model_config import ModelConfig
from serving.core.model_server import ModelServer
from serving.grpc_api.server import make_grpc_server
from serving.options import ServeOptions
from serving.server import listen, make_http_server
from tests.helpers.limits import wait_until
from visage.data.settings import SplitSettings
from visage.saved_model.metadata import read_metadata, write_metadata
from visage.saved_model.provenance import provenance_of_data

POLL_SECONDS = 0.1


@dataclass
class RunningServer:
    """A server in a thread of this process."""

    url: str
    grpc_port: int
    base_path: Path


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel folder with VisAge's signatures; copy it, never change it."""
    from tests.serving.tiny_model import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("tiny_model") / "saved_model")


@pytest.fixture(scope="session")
def older_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, whose predicted ages are ten years higher."""
    from tests.serving.tiny_model import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("older_model") / "saved_model", older=10.0)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, saved_model: Path) -> Iterator[RunningServer]:
    """A server with version 3, which is labelled `stable`, that tests only read from."""
    base_path = tmp_path_factory.mktemp("served") / "visage"
    shutil.copytree(saved_model, base_path / "3")
    yield from run_server(base_path, {"stable": 3})


@pytest.fixture
def server(tmp_path: Path, saved_model: Path) -> Iterator[RunningServer]:
    """A server of the test's own, with version 3; it polls for new versions every `POLL_SECONDS`."""
    shutil.copytree(saved_model, tmp_path / "visage" / "3")
    yield from run_server(tmp_path / "visage")


def run_server(base_path: Path, labels: Mapping[str, int] | None = None) -> Iterator[RunningServer]:
    """Serves the model in `base_path` in another thread while the generator is suspended."""
    options = ServeOptions([ModelConfig("visage", base_path, labels=labels or {})])
    started = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        server = ModelServer(options.models, poll_seconds=POLL_SECONDS)
        await server.start()
        grpc_server = make_grpc_server(server)
        found["grpc_port"] = grpc_server.add_port("127.0.0.1", 0)
        await grpc_server.start()
        with listen("127.0.0.1", 0) as listener:
            found["port"] = listener.getsockname()[1]
            found["http"] = make_http_server(server, options, lambda: grpc_server.stop(0))
            started.set()
            await found["http"].serve([listener])
        await server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    wait_until(lambda: started.is_set() or not thread.is_alive(), "a server that listens")
    assert started.is_set()
    yield RunningServer(f"http://127.0.0.1:{found['port']}", found["grpc_port"], base_path)
    found["http"].should_exit = True
    thread.join()


def mark_as_trained_on_drawings(saved_model: Path) -> Path:
    """Writes into a copy of a model that the pipeline `faces` trained it on drawn portraits; returns the folder."""
    own = replace(provenance_of_data(["utkface"], SplitSettings(), "faces", drawn=True), faces=1265, training="8")
    write_metadata(saved_model, replace(read_metadata(saved_model), learned_from=[own]))
    return saved_model


def plain_jpeg(red: int, green: int, blue: int) -> bytes:
    """A JPEG of one colour."""
    file = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), (red, green, blue), np.uint8)).save(file, "JPEG", quality=95)
    return file.getvalue()
