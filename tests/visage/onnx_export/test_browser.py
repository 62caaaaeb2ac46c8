"""The page runs the model in Chromium as onnxruntime does, from its own files alone."""

import io
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.chromium import Chromium
from tests.helpers.extra_packages import importable
from tests.helpers.node_package import node_package
from tests.visage.tflite.networks import SIZE, images, one_convolution
from visage.errors import VisageError
from visage.faces.align import align
from visage.faces.settings import AlignmentSettings
from visage.onnx_export.browser import PACKAGE, VERSION, find_runtime, write_page
from visage.onnx_export.convert import to_onnx
from visage.onnx_export.runtime import one_thread

pytestmark = pytest.mark.one_stack

ALIGNMENT = AlignmentSettings(size=SIZE)
DESCRIPTION = {
    "pixels": {"shape": [None, SIZE, SIZE, 3]},
    "alignment": ALIGNMENT.model_dump(mode="json"),
    "identity": {"summary": "faces, version 7", "warning": "trained on <drawings>", "notice": None},
}


@pytest.fixture(scope="module")
def content() -> Iterator[bytes]:
    with importable("onnx"):
        yield to_onnx(one_convolution())


@pytest.fixture(scope="module")
def page(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runtime = find_runtime(node_package(PACKAGE, VERSION))
    return write_page(tmp_path_factory.mktemp("page") / "page", content, DESCRIPTION, runtime)


@pytest.fixture(scope="module")
def address(page: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(page.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        server.shutdown()


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
    crop = images(1, seed=4)
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


def test_two_clicks_align_the_face_as_for_training(
    browser: Chromium, address: str, content: bytes, tmp_path: Path
) -> None:
    photo = np.full((160, 200, 3), 230, np.uint8)
    photo[40:120, 50:150] = (200, 60, 40)
    photo[100:110, 80:120] = (20, 20, 120)
    opened(browser, address, png(photo, tmp_path / "photo.png"))
    eyes = [(75.0, 70.0), (125.0, 80.0)]
    for x, y in eyes:
        browser.run(
            "(() => { const canvas = document.getElementById('photo'), box = canvas.getBoundingClientRect();"
            f"canvas.dispatchEvent(new MouseEvent('click', {{clientX: box.left + {x} * box.width / 200,"
            f"clientY: box.top + {y} * box.height / 160}})); }})()"
        )
    found = result(browser)
    assert np.isfinite(found["age"])
    drawn = browser.run(
        f"Array.from(document.getElementById('crop').getContext('2d').getImageData(0, 0, {SIZE}, {SIZE}).data)"
    )
    crop = np.array(drawn, float).reshape(SIZE, SIZE, 4)[:, :, :3]
    landmarks = np.array([*eyes, (100, 90), (85, 105), (115, 110)], np.float32)
    expected = align(photo, landmarks, ALIGNMENT)
    assert np.abs(crop - expected).mean() < 12


def test_a_file_that_is_no_image_is_a_line_of_text(browser: Chromium, address: str, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_bytes(b"no image")
    browser.open(address)
    browser.wait_for("document.getElementById('state').textContent === 'Choose a photo.'")
    browser.choose_file("#file", tmp_path / "no.jpg")
    browser.wait_for("document.getElementById('state').textContent.startsWith('This file is no image')")


def test_without_the_npm_package_the_error_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
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
