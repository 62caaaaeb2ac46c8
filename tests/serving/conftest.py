"""One small model for all serving tests, and a real server of both protocols."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.serving.serve_process import serve
from visage.data.settings import SplitSettings
from visage.saved_model.metadata import read_metadata, write_metadata
from visage.saved_model.provenance import provenance_of_data

POLL_SECONDS = 0.1


@dataclass
class RunningServer:
    """The address of its REST front end, and the port of gRPC."""

    url: str
    grpc_port: int


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
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(saved_model, folder / "visage" / "3")
    config = f'name: "visage" base_path: "{folder / "visage"}" version_labels {{ key: "stable" value: 3 }}'
    (folder / "models.config").write_text(f"model_config_list {{ config {{ {config} }} }}")
    with serve("--models-config", str(folder / "models.config")) as (rest_port, grpc_port):
        yield RunningServer(f"http://127.0.0.1:{rest_port}", grpc_port)


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
