"""Fixtures of the conformance suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conformance.target import ADDRESS_VARIABLE, Target, embedded_server, shared_models, target_at


@pytest.fixture(scope="session")
def served_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the models that the suite uses."""
    base = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own in that of the test run.
    return shared_models(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session", params=["embedded", *(["given"] if os.environ.get(ADDRESS_VARIABLE) else [])])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The embedded server, and the one at $VISAGE_TEST_SERVER."""
    if request.param == "embedded":
        with embedded_server(request.getfixturevalue("served_models")) as embedded:
            yield embedded
        return
    given = target_at(os.environ[ADDRESS_VARIABLE])
    yield given
    given.close()
