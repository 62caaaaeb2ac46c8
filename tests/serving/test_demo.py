"""The demo page and the route behind it."""

import shutil
from pathlib import Path

import httpx
import pytest

from serving.demo import MAX_PHOTO_BYTES
from tests.helpers.chromium import Chromium
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.conftest import RunningServer, mark_as_trained_on_drawings, plain_jpeg, run_server

STATUS = "document.getElementById('status')"


@pytest.fixture(scope="session")
def portrait(portraits: Path) -> bytes:
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0].read_bytes()


def send(server: RunningServer, photo: bytes) -> httpx.Response:
    return httpx.post(f"{server.url}/demo/predict", content=photo, timeout=HANG_GUARD_SECONDS)


def test_the_page_has_no_external_resources(shared_server: RunningServer) -> None:
    response = httpx.get(shared_server.url, timeout=HANG_GUARD_SECONDS)
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]
    for word in ("https://", "src=", "@import", "{{"):
        assert word not in response.text
    assert "What this is not for" in response.text


def test_a_photo_is_found_aligned_and_predicted(shared_server: RunningServer, portrait: bytes) -> None:
    response = send(shared_server, portrait)
    document = response.json()
    assert response.status_code == 200
    assert (document["model"]["name"], document["model"]["version"]) == ("visage", "3")
    assert next(iter(document)) == "model"
    (face,) = document["faces"]
    assert len(face["age_probabilities"]) == 101
    assert document["width"] > 0


def test_a_model_of_drawn_portraits_is_marked_on_the_page_and_in_predictions(
    tmp_path: Path, saved_model: Path, portrait: bytes
) -> None:
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "3"))
    for server in run_server(tmp_path / "visage"):
        page = httpx.get(server.url).text
        warning = page.index("trained on drawn portraits, not on photos of people")
        assert warning < page.index("Choose a photo")
        assert "visage, pipeline faces, version 3, training 8, trained on drawn portraits: utkface" in page
        model = send(server, portrait).json()["model"]
        assert model["warning"].startswith("trained on drawn portraits")
        assert model["pipeline"] == "faces"


def test_a_photo_without_a_face_is_no_error(shared_server: RunningServer) -> None:
    response = send(shared_server, plain_jpeg(0, 0, 200))
    assert response.status_code == 200
    assert response.json()["faces"] == []
    assert response.json()["problem"] == "no face was found"


def test_a_truncated_photo_is_refused_with_its_reason(shared_server: RunningServer, portrait: bytes) -> None:
    response = send(shared_server, portrait[:1500])
    assert response.status_code == 400
    assert response.json()["error"].startswith("the image cannot be read: ")


def test_the_error_of_a_form_instead_of_a_photo_names_the_request_that_works(
    shared_server: RunningServer, portrait: bytes
) -> None:
    response = httpx.post(f"{shared_server.url}/demo/predict", files={"file": portrait}, timeout=HANG_GUARD_SECONDS)
    assert (response.status_code, response.json()) == (
        415,
        {"error": "send the photo's bytes as the body, e.g. curl --data-binary @PHOTO"},
    )


def test_a_photo_that_is_too_large_is_refused(shared_server: RunningServer) -> None:
    response = send(shared_server, bytes(MAX_PHOTO_BYTES + 1))
    assert (response.status_code, response.json()) == (413, {"error": "the request is larger than 16 MiB"})
    assert send(shared_server, plain_jpeg(0, 0, 200)).status_code == 200


def choose(browser: Chromium, server: RunningServer, photo: Path) -> str:
    """Opens the page, chooses a photo and waits; returns the text of the page."""
    browser.open(server.url)
    browser.choose_file("#file", photo)
    browser.wait_for(f"{STATUS}.textContent !== '' && !{STATUS}.textContent.startsWith('Looking')")
    return str(browser.run(f"{STATUS}.textContent"))


def test_the_page_shows_box_age_and_gender(
    browser: Chromium, shared_server: RunningServer, portrait: bytes, tmp_path: Path
) -> None:
    photo = tmp_path / "portrait.jpg"
    photo.write_bytes(portrait)
    assert choose(browser, shared_server, photo) == "1 face, by visage version 3"
    assert browser.run("document.querySelectorAll('rect.face').length") == 1
    assert browser.run("document.querySelectorAll('.bars i').length") == 101
    face = browser.run("document.querySelector('#faces li').innerText")
    assert "± 6 years" in face
    assert "female" in face


def test_a_face_reached_by_keyboard_lights_up_on_the_photo(
    browser: Chromium, shared_server: RunningServer, portrait: bytes, tmp_path: Path
) -> None:
    photo = tmp_path / "portrait.jpg"
    photo.write_bytes(portrait)
    choose(browser, shared_server, photo)
    browser.run("document.getElementById('file').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    browser.wait_for("document.activeElement.tagName === 'LI'")
    assert browser.run("document.querySelector('rect.face').classList.contains('chosen')")


def test_the_page_shows_why_a_photo_cannot_be_used(
    browser: Chromium, shared_server: RunningServer, portrait: bytes, tmp_path: Path
) -> None:
    photo = tmp_path / "truncated.jpg"
    photo.write_bytes(portrait[:1500])
    assert choose(browser, shared_server, photo).startswith("the image cannot be read: ")
    assert browser.run("document.getElementById('result').hidden")
    photo.write_bytes(bytes(MAX_PHOTO_BYTES + 1))
    assert choose(browser, shared_server, photo) == "The photo is larger than 16 MiB."
