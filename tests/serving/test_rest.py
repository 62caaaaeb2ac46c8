"""TensorFlow Serving's REST protocol over real HTTP."""

import base64
import json
import socket
from typing import Any

import httpx
import pytest

from serving.rest import MAX_BODY_BYTES
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.conftest import RunningServer, plain_jpeg

GREY = plain_jpeg(102, 102, 102)
RED = plain_jpeg(255, 0, 0)


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode("ascii")}


def post(server: RunningServer, path: str, document: Any) -> tuple[int, dict[str, Any]]:
    response = httpx.post(server.url + path, content=json.dumps(document), timeout=HANG_GUARD_SECONDS)
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()


def get(server: RunningServer, path: str) -> tuple[int, dict[str, Any]]:
    response = httpx.get(server.url + path, timeout=HANG_GUARD_SECONDS)
    return response.status_code, response.json()


def test_the_status_of_the_model_lists_its_versions(shared_server: RunningServer) -> None:
    status = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert get(shared_server, "/v1/models/visage") == (200, {"model_version_status": [status]})
    assert get(shared_server, "/v1/models/visage/versions/3") == (200, {"model_version_status": [status]})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/models/other", "Could not find any versions of model other"),
        ("/v1/models/visage/versions/4", "Could not find version 4 of model visage"),
        ("/v1/models/other/metadata", "Servable not found for request: Latest(other)"),
        ("/v1/models/visage/versions/4/metadata", "Servable not found for request: Specific(visage, 4)"),
        ("/v1/models/other/visage", "Servable not found for request: Latest(other)"),
    ],
)
def test_an_unknown_path_is_404(shared_server: RunningServer, path: str, message: str) -> None:
    assert get(shared_server, path) == (404, {"error": message})


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/v1/models", "Missing model name in request."),
        ("GET", "/v1/models/visage:predict", "Malformed request: GET /v1/models/visage:predict"),
        ("POST", "/v1/models/visage", "Malformed request: POST /v1/models/visage"),
        ("POST", "/v1/models/visage:explain", "Malformed request: POST /v1/models/visage:explain"),
        ("PUT", "/v1/models/visage", "Malformed request: PUT /v1/models/visage"),
        ("GET", "/v1/models/visage/labels/stable", "Unrecognized servable version label: stable"),
    ],
)
def test_a_malformed_request_is_400(shared_server: RunningServer, method: str, path: str, message: str) -> None:
    response = httpx.request(method, shared_server.url + path, timeout=HANG_GUARD_SECONDS)
    assert (response.status_code, response.json()) == (400, {"error": message})


@pytest.mark.parametrize("digits", ["1" * 5000, str(2**63)])
def test_a_version_beyond_int64_is_400(shared_server: RunningServer, digits: str) -> None:
    status, response = get(shared_server, f"/v1/models/visage/versions/{digits}")
    assert (status, response) == (400, {"error": f"Failed to convert version: {digits} to numeric."})


def test_the_metadata_holds_every_signature(shared_server: RunningServer) -> None:
    status, response = get(shared_server, "/v1/models/visage/metadata")
    assert status == 200
    assert response["model_spec"] == {"name": "visage", "signature_name": "", "version": "3"}
    signatures = response["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "align_and_predict", "evaluate"} <= set(signatures)
    landmarks = signatures["align_and_predict"]["inputs"]["landmarks"]
    assert landmarks["dtype"] == "DT_FLOAT"
    assert landmarks["tensor_shape"] == {
        "dim": [{"size": "-1", "name": ""}, {"size": "5", "name": ""}, {"size": "2", "name": ""}],
        "unknown_rank": False,
    }
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert get(shared_server, "/v1/models/visage/versions/3/metadata") == (200, response)


def test_our_own_route_returns_the_alignment_of_crops(shared_server: RunningServer) -> None:
    status, response = get(shared_server, "/v1/models/visage/visage")
    assert status == 200
    assert (response["name"], response["version"], response["network"]) == ("visage", "3", "colour")
    assert response["alignment"]["size"] == 64


@pytest.mark.parametrize("path", ["/v1/models/visage:predict", "/v1/models/visage/versions/3:predict"])
def test_row_format_is_returned_in_row_format(shared_server: RunningServer, path: str) -> None:
    status, response = post(shared_server, path, {"instances": [b64(GREY), b64(GREY)]})
    assert status == 200
    first, second = response["predictions"]
    assert first == second
    assert first["age"] == pytest.approx(40, abs=0.5)
    assert first["age_group"] == "38-43"
    assert first["gender"] == "female"
    assert len(first["age_probabilities"]) == 101


def test_columnar_format_is_returned_in_columnar_format(shared_server: RunningServer) -> None:
    document = {"inputs": {"image_bytes": [b64(GREY), b64(RED)]}, "signature_name": "serving_default"}
    status, response = post(shared_server, "/v1/models/visage:predict", document)
    assert status == 200
    assert response["outputs"]["gender"] == ["female", "male"]


def test_several_inputs_go_by_name(shared_server: RunningServer) -> None:
    landmarks = [[1.0, 0.0]] * 5
    document = {
        "signature_name": "align_and_predict",
        "instances": [{"image_bytes": b64(GREY), "landmarks": landmarks}],
    }
    status, response = post(shared_server, "/v1/models/visage:predict", document)
    assert status == 200
    assert response["predictions"][0]["age"] == pytest.approx(45, abs=0.5)


def test_one_output_has_no_name_and_bytes_are_base64(shared_server: RunningServer) -> None:
    document = {"signature_name": "echo", "instances": [b64(b"\x00\xff")]}
    assert post(shared_server, "/v1/models/visage:predict", document) == (200, {"predictions": [b64(b"\x00\xff")]})


@pytest.mark.parametrize(
    ("path", "document", "status", "message"),
    [
        ("/v1/models/other:predict", {"instances": ["a"]}, 404, "Servable not found for request: Latest(other)"),
        (
            "/v1/models/visage/versions/9:predict",
            {"instances": ["a"]},
            404,
            "Servable not found for request: Specific(visage, 9)",
        ),
        ("/v1/models/visage:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        ("/v1/models/visage:predict", [], 400, "JSON Value: [] Is not object"),
        (
            "/v1/models/visage:predict",
            {"signature_name": "guess", "instances": ["a"]},
            400,
            'Serving signature name: "guess" not found in signature def',
        ),
        (
            "/v1/models/visage:classify",
            {"examples": [{"x": 1}]},
            400,
            "Expected classification signature method_name to be tensorflow/serving/classify. "
            "Was: tensorflow/serving/predict",
        ),
        (
            "/v1/models/visage:regress",
            {"examples": [{"x": 1}]},
            400,
            "Expected regression signature method_name to be tensorflow/serving/regress. "
            "Was: tensorflow/serving/predict",
        ),
        (
            "/v1/models/visage:classify",
            {},
            400,
            "When method is classify, key 'examples' is expected and was not found",
        ),
    ],
)
def test_error_messages_are_those_of_tensorflow_serving(
    shared_server: RunningServer, path: str, document: Any, status: int, message: str
) -> None:
    assert post(shared_server, path, document) == (status, {"error": message})


@pytest.mark.parametrize("body", [b"", b"{", b'{"instances": ' + b"[" * 600 + b"1" + b"]" * 600 + b"}"])
def test_a_body_that_is_no_usable_json_is_400(shared_server: RunningServer, body: bytes) -> None:
    url = shared_server.url + "/v1/models/visage:predict"
    response = httpx.post(url, content=body, timeout=HANG_GUARD_SECONDS)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_too_large_content_length_is_refused_before_the_body_is_sent(shared_server: RunningServer) -> None:
    host, port = shared_server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=HANG_GUARD_SECONDS) as client:
        length = MAX_BODY_BYTES + 1
        request = f"POST /v1/models/visage:predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
        client.sendall(request.encode())
        response = client.makefile("rb")
        assert response.readline().startswith(b"HTTP/1.1 413 ")
        headers = iter(response.readline, b"\r\n")
        (size,) = (int(line.split()[1]) for line in headers if line.lower().startswith(b"content-length"))
        assert json.loads(response.read(size)) == {"error": "the request is larger than 64 MiB"}


def test_bytes_that_are_no_image_are_refused_and_do_not_affect_other_requests(shared_server: RunningServer) -> None:
    status, response = post(shared_server, "/v1/models/visage:predict", {"instances": [b64(GREY), b64(b"no picture")]})
    assert status == 400
    assert response["error"].startswith("Unknown image file format")
    status, _ = post(shared_server, "/v1/models/visage:predict", {"instances": [b64(GREY)]})
    assert status == 200
