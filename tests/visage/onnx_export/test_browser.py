"""The page runs the model in Chromium as onnxruntime does, from its own files alone."""

import io
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.chromium import Chromium
from tests.helpers.extra_packages import importable
from tests.helpers.node_package import node_package
from tests.visage.tflite.networks import images, one_convolution
from visage.errors import VisageError
from visage.faces.align import align
from visage.faces.settings import AlignmentSettings
from visage.onnx_export.browser import PACKAGE, VERSION, find_runtime, write_page
from visage.onnx_export.convert import to_onnx
from visage.onnx_export.runtime import one_thread

pytestmark = pytest.mark.one_stack

# Large enough that a crop which is one pixel off differs clearly.
SIZE = 128
ALIGNMENT = AlignmentSettings(size=SIZE)
DESCRIPTION = {
    "pixels": {"shape": [None, SIZE, SIZE, 3]},
    "alignment": ALIGNMENT.model_dump(mode="json"),
    "identity": {"summary": "faces, version 7", "warning": "trained on <drawings>", "notice": None},
}


@pytest.fixture(scope="module")
def content() -> Iterator[bytes]:
    with importable("onnx"):
        yield to_onnx(one_convolution(size=SIZE))


@pytest.fixture(scope="module")
def page(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runtime = find_runtime(node_package(PACKAGE, VERSION))
    return write_page(tmp_path_factory.mktemp("page") / "page", content, DESCRIPTION, runtime)


@contextmanager
def served(page: Path, may_send_model: threading.Event | None = None) -> Iterator[str]:
    """Yields the address of the page; its model comes once `may_send_model` is set."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if may_send_model is not None and self.path.endswith(".onnx"):
                may_send_model.wait()
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(page.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def address(page: Path) -> Iterator[str]:
    with served(page) as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    executable = shutil.which("chromium") or pytest.skip("chromium is not installed")
    with Chromium(executable, tmp_path / "profile") as chromium:
        chromium.send("Network.enable")
        yield chromium


def opened(browser: Chromium, address: str, photo: Path) -> None:
    browser.open(address)
    browser.wait_for("document.getElementById('state').textContent === 'Choose a photo.'")
    browser.choose_file("#file", photo)
    browser.wait_for("!document.getElementById('whole').disabled")


def result(browser: Chromium) -> dict[str, float]:
    browser.wait_for("!document.getElementById('result').hidden")
    return dict(json.loads(browser.run("document.getElementById('result').dataset.outputs")))


def png(pixels: np.ndarray, file: Path) -> Path:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    file.write_bytes(buffer.getvalue())
    return file


def test_a_crop_is_predicted_as_by_onnxruntime_with_nothing_from_elsewhere(
    browser: Chromium, address: str, content: bytes, tmp_path: Path
) -> None:
    crop = images(1, seed=4, size=SIZE)
    opened(browser, address, png(crop[0], tmp_path / "crop.png"))
    browser.run("document.getElementById('whole').click()")
    found = result(browser)
    with importable("onnx"):
        expected = one_thread(content)(crop)
    assert found["age"] == pytest.approx(expected["age"][0], abs=0.01)
    assert found["male"] == pytest.approx(expected["gender_probability"][0], abs=1e-3)
    assert browser.run("document.querySelectorAll('#ages i').length") == 101
    assert browser.run("document.getElementById('warning').textContent") == "Warning: trained on <drawings>"
    assert browser.run("document.getElementById('identity').textContent") == "faces, version 7"
    requests = [
        event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"
    ]
    origin = address.rpartition("/")[0]
    assert any(url.endswith(".wasm") for url in requests)
    assert [url for url in requests if not url.startswith((f"{origin}/", "blob:", "data:", "about:"))] == []
    assert browser.low_contrasts() == []


def texture(height: int, width: int) -> np.ndarray:
    """Returns a wave of 56 to 72 pixels in each channel, uint8 [height, width, 3]: it differs when moved a little."""
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [(0.9, 0.4, 56), (-0.5, 0.9, 64), (0.2, -1.0, 72)]
    bands = [np.sin(2 * np.pi * (a * x + b * y) / (length * np.hypot(a, b))) for a, b, length in waves]
    return np.round(128 + 110 * np.stack(bands, axis=2)).astype(np.uint8)


def click(browser: Chromium, x: float, y: float, photo: np.ndarray) -> tuple[float, float]:
    """Clicks at the whole pixel of the page nearest to a place in pixels of the photo, and returns where that is."""
    script = "(({left, top, width, height}) => [left, top, width, height])"
    left, top, width, height = browser.run(f"{script}(document.getElementById('photo').getBoundingClientRect())")
    across, down = photo.shape[1] / width, photo.shape[0] / height
    clicked = round(left + x / across), round(top + y / down)
    options = f"{{clientX: {clicked[0]}, clientY: {clicked[1]}}}"
    browser.run(f"document.getElementById('photo').dispatchEvent(new MouseEvent('click', {options}))")
    return (clicked[0] - left) * across, (clicked[1] - top) * down


def test_two_clicks_align_the_face_as_for_training(browser: Chromium, address: str, tmp_path: Path) -> None:
    photo = texture(640, 800)
    opened(browser, address, png(photo, tmp_path / "photo.png"))
    eyes = [click(browser, x, y, photo) for x, y in ((310.0, 200.0), (486.0, 235.0))]
    assert np.isfinite(result(browser)["age"])
    drawn = browser.run(
        f"Array.from(document.getElementById('crop').getContext('2d').getImageData(0, 0, {SIZE}, {SIZE}).data)"
    )
    crop = np.array(drawn, float).reshape(SIZE, SIZE, 4)[:, :, :3]
    landmarks = np.array([*eyes, (390, 290), (340, 330), (440, 350)], np.float32)
    assert np.abs(crop - align(photo, landmarks, ALIGNMENT)).mean() < 2


def test_a_photo_can_be_chosen_only_once_the_model_is_there(browser: Chromium, page: Path) -> None:
    may_send_model = threading.Event()
    with served(page, may_send_model) as slow:
        try:
            browser.open(slow)
            assert browser.run("document.getElementById('state').textContent") == "Loading the model."
            assert browser.run("document.getElementById('file').disabled")
        finally:
            may_send_model.set()
        browser.wait_for("document.getElementById('state').textContent === 'Choose a photo.'")
        assert not browser.run("document.getElementById('file').disabled")


def test_a_failed_prediction_is_a_line_of_text(browser: Chromium, page: Path, content: bytes, tmp_path: Path) -> None:
    shutil.copytree(page.parent, tmp_path / "page")
    description = {**DESCRIPTION, "pixels": {"shape": [None, SIZE // 2, SIZE // 2, 3]}}
    (tmp_path / "page" / "model.json").write_text(json.dumps(description))
    with served(tmp_path / "page" / "index.html") as address:
        opened(browser, address, png(images(1, seed=4)[0], tmp_path / "crop.png"))
        browser.run("document.getElementById('whole').click()")
        line = "document.getElementById('state').textContent"
        browser.wait_for(f"{line}.startsWith('The model cannot predict this photo: ')")
        state = browser.run(line)
    assert state.endswith(" Reload the page, or choose another photo.")
    assert "\n" not in state
    assert browser.run("document.getElementById('result').hidden")


def test_a_file_that_is_no_image_is_a_line_of_text(browser: Chromium, address: str, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_bytes(b"no image")
    browser.open(address)
    browser.wait_for("document.getElementById('state').textContent === 'Choose a photo.'")
    browser.choose_file("#file", tmp_path / "no.jpg")
    browser.wait_for("document.getElementById('state').textContent.startsWith('This file is no image')")


def test_without_the_npm_package_the_error_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        VisageError, match="web: does not exist, the folder of the npm package onnxruntime-web; run `npm"
    ):
        find_runtime(None)
    (tmp_path / "node_modules" / "onnxruntime-web").mkdir(parents=True)
    with pytest.raises(VisageError) as refused:
        find_runtime(None)
    assert str(refused.value) == (
        "node_modules/onnxruntime-web: has no dist/ort.wasm.min.mjs of the npm package onnxruntime-web; run "
        f"`npm install --ignore-scripts onnxruntime-web@{VERSION}`, or name its folder by --onnxruntime-web"
    )


def test_a_page_that_cannot_be_written_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("a file")
    with pytest.raises(VisageError, match=r"page: cannot be written: .*; name another folder by --out"):
        write_page(tmp_path / "page", b"", DESCRIPTION, tmp_path)
