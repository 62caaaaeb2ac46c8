"""The camera on the demo page, live in a real browser, whose camera shows a photo of people."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.helpers.chromium import Chromium
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.serving.demo.conftest import PROBLEMS, open_page, requests_of

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module")
def with_camera(tmp_path_factory: pytest.TempPathFactory, people: Path) -> Iterator[Chromium]:
    """A browser whose camera shows four of the people, and that allows it to every page."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    folder = tmp_path_factory.mktemp("camera")
    video = folder / "people.y4m"
    video.write_bytes(y4m(Image.open(people).convert("RGB").crop((180, 20, 820, 380))))
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags += [f"--use-file-for-fake-video-capture={video}"]
    with Chromium(executable, folder / "profile", flags) as chromium:
        yield chromium


@pytest.fixture
def page(with_camera: Chromium, demo_url: str) -> Iterator[Chromium]:
    """The page, whose camera has been switched on and has shown the first faces."""
    open_page(with_camera, demo_url)
    with_camera.run("document.getElementById('camera').click()")
    with_camera.wait_for("document.querySelectorAll('.box').length === 4")
    yield with_camera
    assert [event for event in with_camera.events if event["method"] in PROBLEMS] == []


def y4m(image: Image.Image) -> bytes:
    """Returns an uncompressed video of one image; it has an even width and height."""
    luma, *chroma = (np.asarray(band) for band in image.convert("YCbCr").split())
    frame = b"FRAME\n" + luma.tobytes() + b"".join(band[::2, ::2].tobytes() for band in chroma)
    return f"YUV4MPEG2 W{image.width} H{image.height} F30:1 Ip A1:1 C420jpeg\n".encode() + 2 * frame


def frames(browser: Chromium) -> int:
    browser.run("0")
    return sum(url.endswith("/demo/predict?crops=1") for url in requests_of(browser))


def click_camera(browser: Chromium) -> None:
    browser.run("document.getElementById('camera').click()")


def test_faces_are_predicted_live_until_the_camera_is_stopped(page: Chromium) -> None:
    assert page.run("document.getElementById('camera').innerText") == "Stop camera"
    wait_until(lambda: frames(page) >= 5, "five frames")
    assert "frames a second" in page.run("document.getElementById('timing').textContent")
    assert page.run("[document.getElementById('video').hidden, document.getElementById('canvas').hidden]") == [
        False,
        True,
    ]
    click_camera(page)
    assert page.run("document.getElementById('video').srcObject") is None
    assert page.run("document.getElementById('status').textContent") == "The camera is off. The last frame is shown."
    assert page.run("[document.getElementById('video').hidden, document.getElementById('canvas').hidden]") == [
        True,
        False,
    ]
    sent = frames(page)
    page.run("new Promise(resolve => setTimeout(resolve, 300))")
    assert frames(page) == sent


def test_the_chosen_face_stays_chosen(page: Chromium) -> None:
    page.run("document.querySelectorAll('.box')[2].focus(), document.querySelectorAll('.box')[2].click()")
    before = frames(page)
    wait_until(lambda: frames(page) >= before + 3, "three more frames")
    assert page.run("document.getElementById('face-title').textContent") == "Face 3 of 4"
    assert page.run("document.activeElement === document.querySelectorAll('.box')[2]")
    click_camera(page)


def test_the_camera_ends_when_the_tab_is_hidden(page: Chromium) -> None:
    page.run("Object.defineProperty(document, 'hidden', { value: true, configurable: true }), 0")
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.run("document.getElementById('video').srcObject") is None
    assert page.run("document.getElementById('status').textContent").startswith("The camera is off, because ")


def test_another_visitor_is_answered_meanwhile(page: Chromium, demo_url: str, man: Path) -> None:
    response = httpx.post(f"{demo_url}/demo/predict", content=man.read_bytes(), timeout=HANG_GUARD_SECONDS)
    assert len(response.json()["faces"]) == 1
    before = frames(page)
    wait_until(lambda: frames(page) > before, "the next frame")
    click_camera(page)
