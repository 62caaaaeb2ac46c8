"""Photos in, predictions out: in this process, from a server, and with photos that cannot be used."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.serving.conftest import RunningServer, mark_as_trained_on_drawings, plain_jpeg
from visage.client import AsyncClient, Client
from visage.client.photos import predict_photos
from visage.errors import VisageError
from visage.prediction.loaded_model import load_model
from visage.prediction.photos import PhotoPrediction


@pytest.fixture(scope="session")
def portrait(portraits: Path) -> Path:
    """One drawn portrait with a face."""
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0]


def no_note(text: str) -> None:
    raise AssertionError(f"an unexpected note: {text}")


def test_a_local_model_predicts_a_photo(portrait: Path, saved_model: Path) -> None:
    (prediction,) = predict_photos([portrait], model=saved_model, note=no_note)
    assert prediction.problem is None
    (face,) = prediction.faces
    x0, y0, x1, y1 = face.box
    assert 0 < (x0 + x1) / 2 < prediction.width
    assert 0 < (y0 + y1) / 2 < prediction.height
    assert face.age_probabilities is not None
    assert sum(face.age_probabilities) == pytest.approx(1)
    assert face.age_deviation == pytest.approx(6, abs=0.1)
    assert json.loads(json.dumps(asdict(prediction)))["path"] == str(portrait)


def test_a_server_and_a_local_model_predict_the_same(
    portrait: Path, saved_model: Path, shared_server: RunningServer
) -> None:
    (here,) = predict_photos([portrait], model=saved_model)
    (there,) = predict_photos([portrait], server=shared_server.url, note=no_note)
    assert there.faces[0].box == here.faces[0].box
    assert there.faces[0].age == pytest.approx(here.faces[0].age, abs=1e-4)
    assert there.faces[0].gender == here.faces[0].gender
    assert there.model is not None
    assert there.model.version == "3"


def test_predictions_of_a_server_need_no_tensorflow(portrait: Path, shared_server: RunningServer) -> None:
    program = (
        "import sys; from pathlib import Path; from visage.client.photos import predict_photos;"
        f"print(len(predict_photos([Path({str(portrait)!r})], server={shared_server.url!r})[0].faces),"
        "'tensorflow' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.split() == ["1", "False"]


def test_photos_without_a_face_load_no_model(
    tmp_path: Path, saved_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "faceless.jpg").write_bytes(plain_jpeg(90, 120, 200))
    loaded: list[Path] = []
    monkeypatch.setattr("visage.prediction.predictors.load_model", loaded.append)
    photos = [tmp_path / name for name in ("nowhere.jpg", "text.jpg", "faceless.jpg")]
    missing, text, faceless = (prediction.problem or "" for prediction in predict_photos(photos, model=saved_model))
    assert "No such file" in missing
    assert "it is none of" in text
    assert (faceless, loaded) == ("no face was found", [])


def test_a_bad_photo_has_its_reason_and_does_not_affect_others(
    tmp_path: Path, portrait: Path, saved_model: Path
) -> None:
    truncated, empty, faceless = tmp_path / "truncated.jpg", tmp_path / "empty.jpg", tmp_path / "faceless.jpg"
    truncated.write_bytes(portrait.read_bytes()[:1500])
    empty.touch()
    faceless.write_bytes(plain_jpeg(90, 120, 200))
    photos = [truncated, empty, tmp_path / "nowhere.jpg", tmp_path, faceless, portrait]

    *bad, good = predict_photos(photos, model=saved_model)

    assert [len(prediction.faces) for prediction in (*bad, good)] == [0, 0, 0, 0, 0, 1]
    problems = [prediction.problem or "" for prediction in bad]
    assert problems[0].startswith("the image cannot be read: ")
    assert problems[1] == "the image cannot be read: it is empty"
    assert problems[2] == "the file cannot be read: No such file or directory"
    assert problems[3] == "the file cannot be read: Is a directory"
    assert problems[4] == "no face was found"
    assert good.problem is None


@pytest.mark.real_data
def test_every_face_of_a_group_photo_is_predicted(real_data_dir: Path, saved_model: Path) -> None:
    (prediction,) = predict_photos([real_data_dir / "photos" / "multiface.jpg"], model=saved_model)
    assert len(prediction.faces) == 6
    assert [face.box[0] for face in prediction.faces] == sorted(face.box[0] for face in prediction.faces)


@pytest.mark.real_data
def test_real_photos_without_people_have_no_face(real_data_dir: Path, saved_model: Path) -> None:
    photos = [real_data_dir / "photos" / name for name in ("no-faces.jpg", "grass.jpg")]
    assert [prediction.problem for prediction in predict_photos(photos, model=saved_model)] == ["no face was found"] * 2


class PlainTensorFlowServing(BaseHTTPRequestHandler):
    """Responds as TensorFlow Serving does, without our own route."""

    def do_GET(self) -> None:
        if self.path == "/v1/models/visage/visage":
            self._send(400, {"error": f"Malformed request: GET {self.path}"})
        else:
            self._send(200, {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        crops = len(request["inputs"]["image_bytes"])
        outputs: dict[str, list[Any]] = {"age": [30.0], "age_probabilities": [[0.0] * 101], "age_group": ["25-32"]}
        outputs |= {"gender": ["female"], "gender_probability": [0.1]}
        self._send(200, {"outputs": {name: column * crops for name, column in outputs.items()}})

    def _send(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def plain_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), PlainTensorFlowServing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_server_without_alignment_is_noted(portrait: Path, plain_server: str) -> None:
    notes: list[str] = []
    (prediction,) = predict_photos([portrait], server=plain_server, note=notes.append)
    assert prediction.faces[0].age == 30
    assert len(notes) == 1
    assert "default alignment is used; give the model's folder as alignment_of" in notes[0]
    assert prediction.model is not None
    assert prediction.model.summary == "visage, pipeline unknown, version 1, trained on unknown"


def test_the_alignment_of_a_local_model_is_used_if_the_server_has_none(
    portrait: Path, plain_server: str, saved_model: Path
) -> None:
    (prediction,) = predict_photos([portrait], server=plain_server, alignment_of=saved_model, note=no_note)
    assert prediction.faces[0].age == 30


def test_the_provenance_of_a_local_model_is_used_if_the_server_has_none(
    portrait: Path, plain_server: str, saved_model: Path, tmp_path: Path
) -> None:
    drawn_model = mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "2"))
    notes: list[str] = []
    (prediction,) = predict_photos([portrait], server=plain_server, alignment_of=drawn_model, note=notes.append)
    assert prediction.model is not None
    assert prediction.model.warning is not None
    assert (prediction.model.pipeline, prediction.model.version) == ("faces", "1")
    assert notes == [f"{plain_server}/v1/models/visage serves version 1, alignment_of {drawn_model} is version 2"]


def test_predictions_do_not_need_the_version_of_the_server(
    portrait: Path, plain_server: str, saved_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainTensorFlowServing, "do_GET", lambda request: request.send_error(404))
    notes: list[str] = []
    (prediction,) = predict_photos([portrait], server=plain_server, alignment_of=saved_model, note=notes.append)
    assert prediction.faces[0].age == 30
    assert prediction.model is not None
    assert prediction.model.version == "unknown"
    assert notes[0].startswith("the version of the model is unknown: ")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("localhost:8501", "write http://HOST:PORT"),
        ("http://127.0.0.1:1", "the server does not respond .*is it running"),
    ],
)
def test_an_unreachable_address_is_an_error_of_one_line(portrait: Path, server: str, message: str) -> None:
    with pytest.raises(VisageError, match=message):
        predict_photos([portrait], server=server)


def test_a_server_without_the_model_is_an_error_of_one_line(portrait: Path, shared_server: RunningServer) -> None:
    with pytest.raises(VisageError, match="Could not find any versions of model other"):
        predict_photos([portrait], server=f"{shared_server.url}/v1/models/other")


def test_requests_to_this_machine_bypass_the_proxy(
    portrait: Path, shared_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    (prediction,) = predict_photos([str(portrait)], server=shared_server.url)
    assert prediction.faces


def test_an_unreachable_proxy_is_named(portrait: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(VisageError, match=r"by way of the proxy http://127\.0\.0\.1:9, which http_proxy names; no_pro"):
        predict_photos([portrait], server="http://far.example:8501")


def test_paths_may_be_text(portrait: Path, saved_model: Path) -> None:
    assert predict_photos([str(portrait)], str(saved_model)) == predict_photos([portrait], saved_model)


@pytest.mark.parametrize("name", ["m[1] *?", "back\\slash"])
def test_a_model_in_a_folder_of_any_name_is_loaded(name: str, saved_model: Path, tmp_path: Path) -> None:
    shutil.copytree(saved_model, tmp_path / name)
    assert "serving_default" in load_model(tmp_path / name).signatures


def test_neither_model_nor_server_is_an_error(portrait: Path) -> None:
    with pytest.raises(VisageError, match="give model= or server="):
        predict_photos([portrait])


def test_both_model_and_server_are_an_error(portrait: Path, saved_model: Path) -> None:
    with pytest.raises(VisageError, match="model and server: choose one"):
        predict_photos([portrait], model=saved_model, server="http://127.0.0.1:1")


def test_the_alignment_option_with_a_local_model_is_an_error(portrait: Path, saved_model: Path) -> None:
    with pytest.raises(VisageError, match="alignment_of needs server"):
        predict_photos([portrait], model=saved_model, alignment_of=saved_model)


def test_a_base_path_selects_its_newest_version(
    tmp_path: Path, portrait: Path, saved_model: Path, older_model: Path
) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    shutil.copytree(older_model, tmp_path / "2")
    (old,), (new,) = predict_photos([portrait], model=tmp_path / "1"), predict_photos([portrait], model=tmp_path)
    assert old.faces[0].age is not None
    assert new.faces[0].age == pytest.approx(old.faces[0].age + 10, abs=1e-3)


def test_both_clients_predict_photos_as_the_function_does(
    portrait: Path, shared_server: RunningServer, tmp_path: Path
) -> None:
    (expected,) = predict_photos([portrait], server=shared_server.url)
    photos: list[str | bytes] = [str(portrait), portrait.read_bytes(), str(tmp_path / "nowhere.jpg")]

    async def in_asyncio() -> list[PhotoPrediction]:
        async with AsyncClient(shared_server.url) as client:
            return await client.predict_photos(photos, note=no_note)

    with Client(shared_server.url) as client:
        found = client.predict_photos(photos, note=no_note)
    assert asyncio.run(in_asyncio()) == found
    assert found[0] == expected
    assert (found[1].path, found[1].faces) == ("photo 2", expected.faces)
    assert found[2].problem == "the file cannot be read: No such file or directory"
