"""Runs a real MLflow tracking server for tests."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.locked_environment import locked_environment
from tests.helpers.ports import free_ports


@contextmanager
def mlflow_server(folder: Path, *options: str) -> Iterator[str]:
    """Starts `mlflow server` with its database and artifacts in a new folder; skips where MLflow cannot be had.

    Yields: its address.
    """
    folder.mkdir()
    try:
        programs = locked_environment("mlflow")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"MLflow cannot be installed here: {error}")
    # The server starts workers by their names.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW"))}
    environment = {**inherited, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    with free_ports(1) as (port,), (folder / "log").open("wb") as log:
        command: list[str | Path] = [programs / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"]
        command += options or ("--artifacts-destination", "./artifacts")
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}", server, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + HANG_GUARD_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())
