"""The demo page on a real server, and browsers that visit it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving.core.model_config import ModelConfig
from serving.options import ServeOptions
from tests.helpers.chromium import Chromium
from tests.serving.http_server import run_http


@contextmanager
def run_demo(base_path: Path, samples: Path | None = None, loaded: bool = True, **options: Any) -> Iterator[str]:
    """Serves the demo page for the model in the folder `base_path`, in a thread of this process.

    Args:
        base_path: folder of the numbered versions.
        samples: folder of images to choose from.
        loaded: whether the model is loaded before the first request; False: it never is.
        options: further ones of `ServeOptions`.

    Yields:
        The page's address.
    """
    chosen = ServeOptions([ModelConfig("visage", base_path)], samples=samples, **options)
    with run_http(chosen, loaded=loaded) as running:
        yield running.url


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory, saved_model: Path) -> Iterator[str]:
    """The address of a demo page whose model is version 3, which says nothing of its training."""
    base_path = tmp_path_factory.mktemp("demo") / "visage"
    shutil.copytree(saved_model, base_path / "3")
    with run_demo(base_path) as url:
        yield url


@pytest.fixture(scope="session")
def people(real_data_dir: Path) -> Path:
    """A real photo of six people, 1200x630 pixels."""
    return real_data_dir / "photos" / "multiface.jpg"


@pytest.fixture(scope="session")
def man(real_data_dir: Path) -> Path:
    """A real photo of one man, 561x561 pixels."""
    return real_data_dir / "photos" / "ivan.jpg"


# Errors of scripts, and what breaks the content policy.
PROBLEMS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


def open_page(browser: Chromium, url: str, width: int = 1280, scheme: str = "light") -> None:
    """Opens the page and waits for its samples; `browser.events` then has what it reports from here on."""
    for domain in ("Runtime", "Log", "Network"):
        browser.send(f"{domain}.enable")
    browser.events.clear()
    browser.show(url, width, scheme)
    browser.wait_for("!document.getElementById('samples').hidden")


def requests_of(browser: Chromium) -> list[str]:
    """Returns the addresses of the requests of the page since it was opened."""
    sent = [event["params"] for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    return [parameters["request"]["url"] for parameters in sent]


def is_done() -> str:
    """Returns a JavaScript expression: whether the page shows the result for a photo."""
    return "(text => text !== '' && !text.startsWith('Looking'))(document.getElementById('status').textContent)"


def status_after(browser: Chromium, photo: Path) -> str:
    """Chooses a photo, waits for the result, and returns the sentence that is announced."""
    browser.choose_file("#file", photo)
    browser.wait_for(is_done())
    return str(browser.run("document.getElementById('status').textContent"))
