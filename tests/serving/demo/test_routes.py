"""The routes of the demo page, as a program meets them."""

import base64
import io
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from serving.demo import demo
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.conftest import mark_as_trained_on_drawings, plain_jpeg
from tests.serving.demo.conftest import run_demo
from tests.serving.demo.drawn_samples import draw_samples
from tests.serving.tiny_model import ALIGNMENT
from visage.monitoring.counts import Counts
from visage.monitoring.files import read_counts
from visage.saved_model.metadata import METADATA_FILE

DRAWINGS = Path(demo.__file__).with_name("drawings")
MAN = (DRAWINGS / "man-28.jpg").read_bytes()


def send(url: str, photo: bytes, query: str = "") -> httpx.Response:
    return httpx.post(f"{url}/demo/predict{query}", content=photo, timeout=HANG_GUARD_SECONDS)


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=HANG_GUARD_SECONDS)


def pixels(photo: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(photo)).convert("RGB"), np.float64)


def test_a_photo_is_found_aligned_and_predicted(demo_url: str) -> None:
    response = send(demo_url, MAN)
    document = response.json()
    assert response.status_code == 200
    assert list(document) == ["model", "width", "height", "faces", "problem", "milliseconds"]
    assert (document["model"]["name"], document["model"]["version"]) == ("visage", "3")
    assert (document["width"], document["height"], document["problem"]) == (320, 400, None)
    (face,) = document["faces"]
    assert len(face["age_probabilities"]) == 101
    # The tiny model's deviation is 6 years: 80 % lie within 1.28 of them.
    assert face["age_span"] == pytest.approx([face["age"] - 7.7, face["age"] + 7.7], abs=1)
    assert set(document["milliseconds"]) == {"decode", "find", "align", "predict"}
    assert "crop" not in face


def test_the_crop_is_what_the_network_saw(demo_url: str) -> None:
    (face,) = send(demo_url, MAN, "?crops=1").json()["faces"]
    kind, _, content = face["crop"].partition(",")
    crop = pixels(base64.b64decode(content))
    assert (kind, crop.shape) == ("data:image/jpeg;base64", (ALIGNMENT.size, ALIGNMENT.size, 3))
    # The tiny model's age is the mean brightness.
    assert face["age"] == pytest.approx(crop.mean() / 2.55, abs=0.5)


def test_a_photo_without_a_face_is_no_error(demo_url: str) -> None:
    response = send(demo_url, plain_jpeg(0, 0, 200))
    assert (response.status_code, response.json()["faces"]) == (200, [])
    assert response.json()["problem"] == "no face was found"


def test_photos_are_in_the_metrics_and_the_statistics(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "visage" / "3")
    with run_demo(tmp_path / "visage", statistics=tmp_path / "statistics") as url:
        for photo in (MAN, plain_jpeg(0, 0, 200), MAN[:1500]):
            send(url, photo)
        get(url)
        metrics = get(f"{url}/monitoring/prometheus/metrics").text
    assert ':request_count{model_name="visage",status="OK"} 2\n' in metrics
    assert ':request_count{model_name="visage",status="INVALID_ARGUMENT"} 1\n' in metrics
    assert ':request_latency_count{model_name="visage",API="predict",entrypoint="DEMO"} 2\n' in metrics
    counts = Counts.sum(read_counts(path) for path in (tmp_path / "statistics").iterdir())
    assert counts.faces == 1
    assert counts.texts["outcome"].values == {"answered": 1, "no_face": 1, "picture_undecodable": 1}


def png_that_announces(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("photo", "status", "error"),
    [
        (b"", 400, "the image cannot be read: it is empty"),
        (MAN[:1500], 400, "the image cannot be read: its image data is cut off"),
        (b"\x00\x00\x00\x18ftypheic", 400, "the image cannot be read: it is none of JPEG, PNG, WEBP, GIF, BMP"),
        (
            png_that_announces(9000, 7000),
            413,
            "the photo has 9000x7000 pixels, and this page's limit is 25 million; scale it down",
        ),
        (bytes(demo.MAX_PHOTO_BYTES + 1), 413, "the photo is larger than 16 MiB; scale it down"),
    ],
    ids=["empty", "truncated", "heic", "huge", "large file"],
)
def test_a_photo_that_cannot_be_used_is_refused_in_one_line(
    demo_url: str, photo: bytes, status: int, error: str
) -> None:
    response = send(demo_url, photo)
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert send(demo_url, MAN).status_code == 200


def test_a_large_photo_of_unknown_length_is_refused(demo_url: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(demo.MAX_PHOTO_BYTES // 2**20 + 1):
            yield bytes(2**20)

    response = httpx.post(f"{demo_url}/demo/predict", content=chunks(), timeout=HANG_GUARD_SECONDS)
    assert response.status_code == 413


def test_the_error_of_a_form_names_the_request_that_works(demo_url: str) -> None:
    response = httpx.post(f"{demo_url}/demo/predict", files={"file": MAN}, timeout=HANG_GUARD_SECONDS)
    wanted = "send the photo's bytes as the body, e.g. curl --data-binary @PHOTO"
    assert (response.status_code, response.json()) == (415, {"error": wanted})


@pytest.mark.parametrize("limit", ["MAX_PHOTOS", "MAX_BYTES_IN_FLIGHT"])
def test_a_busy_server_sends_when_to_try_again(demo_url: str, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(demo, limit, 0)
    response = send(demo_url, MAN)
    assert (response.status_code, response.json()["error"]) == (503, demo.BUSY)
    assert response.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert send(demo_url, MAN).status_code == 200


def test_a_small_photo_does_not_wait_for_a_large_one(demo_url: str) -> None:
    file = io.BytesIO()
    Image.open(DRAWINGS / "group-of-four.jpg").resize((6000, 4000)).save(file, "JPEG", quality=80)
    done = []

    def visit(photo: bytes, name: str) -> None:
        assert send(demo_url, photo).status_code == 200
        done.append(name)

    with ThreadPoolExecutor() as visitors:
        visits = [visitors.submit(visit, file.getvalue(), "large"), visitors.submit(visit, MAN, "small")]
        for visitor in visits:
            visitor.result()
    assert done == ["small", "large"]


def test_twenty_visitors_get_the_answer_of_one(demo_url: str) -> None:
    def ages(photo: bytes) -> list[float]:
        return [face["age"] for face in send(demo_url, photo).json()["faces"]]

    photos = [file.read_bytes() for file in sorted(DRAWINGS.iterdir())]
    alone = [ages(photo) for photo in photos]
    with ThreadPoolExecutor(20) as visitors:
        together = list(visitors.map(ages, photos * 4))
    assert together == [pytest.approx(found, abs=1e-3) for found in alone * 4]


def test_no_answer_may_be_framed_stored_or_read_elsewhere(demo_url: str) -> None:
    for path in ("/", "/demo/parts/page.js", "/demo/samples", "/demo/samples/man-28.jpg", "/demo/samples/none"):
        headers = get(demo_url + path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"
        assert headers["cache-control"] == "no-store"


def test_the_parts_of_the_page_name_nothing_outside(demo_url: str) -> None:
    page = get(demo_url).text
    assert "{{" not in page
    assert re.findall(r"https?:|//|@import| on[a-z]+=| style=|<script>|<style", page) == []
    for name in ("page.js", "stage.js", "style.css"):
        assert get(f"{demo_url}/demo/parts/{name}").status_code == 200
    assert get(f"{demo_url}/demo/parts/..%2Fdemo.py").status_code == 404


def test_a_model_of_drawn_portraits_is_marked_before_anything_else(tmp_path: Path, saved_model: Path) -> None:
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "3"))
    with run_demo(tmp_path / "visage") as url:
        page = get(url).text
        assert page.index("trained on drawn portraits, not on photos of people") < page.index("Choose a photo")
        assert "visage, pipeline faces, version 3, training 8, trained on drawn portraits: utkface" in page
        model = send(url, MAN).json()["model"]
        assert model["warning"].startswith("trained on drawn portraits")


def test_a_model_of_another_program_is_named_as_such(tmp_path: Path, saved_model: Path) -> None:
    version = shutil.copytree(saved_model, tmp_path / "visage" / "3")
    (version / METADATA_FILE).unlink()
    with run_demo(tmp_path / "visage") as url:
        problem = "VisAge did not train this model (it has no visage.json), so the geometry of its crops is unknown"
        assert problem in get(url).text
        response = send(url, MAN)
        assert (response.status_code, response.json()) == (409, {"error": problem})


def test_before_the_model_is_loaded_the_page_is_there(tmp_path: Path) -> None:
    with run_demo(tmp_path / "visage", loaded=False) as url:
        assert demo.NO_MODEL in get(url).text
        response = send(url, MAN)
        assert (response.status_code, response.json()) == (503, {"error": demo.NO_MODEL})


def test_the_samples_are_drawings_of_ours(demo_url: str) -> None:
    offered = get(f"{demo_url}/demo/samples").json()
    assert "none of them is a person" in offered["note"]
    names = [sample["url"].rpartition("/")[2] for sample in offered["samples"]]
    drawn = draw_samples()
    assert names == sorted(drawn)
    for sample, name in zip(offered["samples"], names, strict=True):
        response = get(f"{demo_url}/{sample['url']}")
        assert response.headers["content-type"] == "image/jpeg"
        assert np.abs(pixels(response.content) - np.asarray(drawn[name], np.float64)).mean() < 4


def test_samples_from_a_folder(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "visage" / "3")
    folder = tmp_path / "samples"
    folder.mkdir()
    shutil.copy(DRAWINGS / "man-28.jpg", folder / "a man_&_#1.JPG")
    (folder / "broken.jpg").write_bytes(MAN[:99])
    (folder / "notes.txt").write_text("private")
    (tmp_path / "secret.jpg").write_bytes(MAN)
    with run_demo(tmp_path / "visage", folder) as url:
        (sample,) = get(f"{url}/demo/samples").json()["samples"]
        assert sample["title"] == "a man & #1"
        assert sample["thumbnail"].startswith("data:image/jpeg;base64,")
        assert get(f"{url}/{sample['url']}").content == MAN
        for name in ("notes.txt", "..%2Fsecret.jpg", "%2Fetc%2Fpasswd"):
            assert get(f"{url}/demo/samples/{name}").status_code == 404
        shutil.rmtree(folder)
        assert get(f"{url}/demo/samples").json() == {"error": "the samples cannot be read: No such file or directory"}
