"""The models of the conformance suite, and a server with the default options."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conformance.conftest import served_models
from tests.serving.grpc_api.running_server import RunningServer, running_server

__all__ = ["served_models"]


@pytest.fixture(scope="module")
def running(served_models: Path) -> Iterator[RunningServer]:
    """A server that the tests of a module share."""
    with running_server(served_models) as server:
        yield server
