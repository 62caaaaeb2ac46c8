"""The ready model, made once for these tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.extra_packages import extra_packages, importable
from visage.ready_model.cache import ready_model


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of these tests' own, and the package with the networks."""
    folder = tmp_path_factory.mktemp("cache")
    packages = extra_packages("ready")
    with importable("ready"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        # For commands in processes of their own.
        if packages:
            patch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
        yield folder


@pytest.fixture(scope="session")
def model(cache: Path) -> Path:
    """Folder of the SavedModel for crops of the default geometry."""
    return ready_model()
