"""Fixtures of all tests: the real data sets, if this machine has them, and a small set of drawn portraits."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.chromium import Chromium
from tests.helpers.project import PROJECT

# Read by TensorFlow when it is imported: its words about processors and graphics cards are not ours to show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The duration of an example depends more on the machine than on the code.
settings.register_profile("visage", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("visage")

pytest_plugins = ["tests.helpers.trained_model"]


def pytest_configure(config: pytest.Config) -> None:
    """Shows each failure at once, not only after the last test."""
    is_worker = hasattr(config, "workerinput")
    if config.getoption("dist", "no") != "no" and not is_worker:
        config.pluginmanager.register(_ImmediateFailures(config))


class _ImmediateFailures:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            assert terminal is not None
            terminal.write_line(f"\n{report.nodeid} ({report.when})\n{report.longreprtext}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs the files with slow tests first, so that no process is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


PORTRAITS = 150
PORTRAITS_SEED = 7


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """The folder with the real archives ($VISAGE_TEST_DATA, or ../shared/data beside the project); skips without it."""
    folder = Path(os.environ.get("VISAGE_TEST_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data sets at {folder}: set VISAGE_TEST_DATA to the folder that holds UTKFace.tar.gz")
    return folder


@pytest.fixture(scope="session")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with about 150 drawn portraits, laid out as all three archives; read it, never write into it."""
    from tfds_builders.sample_portraits.draw import draw_sample_portraits

    folder = tmp_path_factory.mktemp("sample_portraits") / "archives"
    draw_sample_portraits(folder, count=PORTRAITS, seed=PORTRAITS_SEED, sources=None)
    return folder


@pytest.fixture(autouse=True)
def _same_threads_for_later_tests() -> Iterator[None]:
    """Restores what `serve` sets for its process: trainings with other threads differ in the last digits."""
    before = os.environ.get("TF_NUM_INTRAOP_THREADS")
    yield
    if before is None:
        os.environ.pop("TF_NUM_INTRAOP_THREADS", None)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A headless Chromium; skips without one."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with Chromium(executable, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture
def unprivileged_folder() -> Iterator[Path]:
    """A folder whose permissions apply, because the process is not root."""
    nobody = 65534
    with tempfile.TemporaryDirectory(prefix="visage-unprivileged-") as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, nobody, nobody)
        os.seteuid(nobody)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
