"""The REST front end over real HTTP."""

import asyncio
import gzip
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from serving.core.limits import Limits
from serving.core.servable import Servable
from serving.rest.json_document import parse_document
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.serving.http_server import RunningHttp
from tests.serving.rest.conftest import connect

Start = Callable[..., RunningHttp]
PREDICT = "/v1/models/texts:predict"


# One for all tests: each new one takes 20 ms to read the certificates.
_client = httpx.Client(timeout=HANG_GUARD_SECONDS)


def request(server: RunningHttp, method: str, path: str, **options: Any) -> httpx.Response:
    return _client.request(method, server.url + path, **options)


def predict(server: RunningHttp, document: Any, **options: Any) -> httpx.Response:
    return request(server, "POST", PREDICT, content=json.dumps(document), **options)


def logged(caplog: pytest.LogCaptureFixture, count: int, *paths: str) -> list[dict[str, Any]]:
    """Waits for the log's lines of some paths; a line of a test before this one may come late."""

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(record.getMessage()) for record in caplog.records if record.name == "serving.access"]
        return [line for line in found if line["method"].split()[1] in paths]

    wait_until(lambda: len(lines()) == count, f"{count} lines")
    return lines()


def test_rows_are_answered_in_rows_and_columns_in_columns(rest: RunningHttp) -> None:
    rows = predict(rest, {"instances": ["a", {"b64": "/9g="}]})
    assert rows.headers["content-type"] == "application/json"
    assert rows.json()["predictions"][0] == {"name": "a", "same_bytes": {"b64": "YQ=="}}
    columns = predict(rest, {"signature_name": "double", "inputs": {"a": [1, 2.5], "b": [1, 1]}})
    assert columns.json() == {"outputs": [2.0, 3.5]}


def test_the_status_lists_versions_and_ignores_labels(rest: RunningHttp) -> None:
    status = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("", "/versions/3", "/versions/0003", "/labels/any"):
        assert request(rest, "GET", f"/v1/models/texts{path}").json() == {"model_version_status": [status]}
    assert request(rest, "GET", "/V1/models/t%65xts").json() == {"model_version_status": [status]}


def test_the_metadata_holds_every_signature(rest: RunningHttp) -> None:
    response = request(rest, "GET", "/v1/models/texts/metadata").json()
    assert response["model_spec"] == {"name": "texts", "signature_name": "", "version": "3"}
    signatures = response["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "double", "numbers", "no_inputs"}
    assert signatures["double"]["inputs"]["a"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
        "name": "a:0",
    }


def test_our_own_route_needs_a_model_of_visage(rest: RunningHttp) -> None:
    response = request(rest, "GET", "/v1/models/texts/visage")
    assert (response.status_code, response.json()) == (
        404, {"error": "version 3 of model texts was not trained by VisAge"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/texts?x=1", 400, "Malformed request: GET /v1/models/texts?x=1"),
        ("PUT", PREDICT, 400, f"Malformed request: PUT {PREDICT}"),
        ("GET", PREDICT, 400, f"Malformed request: GET {PREDICT}"),
        ("GET", "/v1/models/other", 404, "Could not find any versions of model other"),
        ("GET", "/v1/models/other/metadata", 404, "Servable not found for request: Latest(other)"),
        ("POST", "/v1/models/texts/labels/x:predict", 400, "Unrecognized servable version label: x"),
        ("POST", "/v1/models/texts/versions/7:predict", 404, "Servable not found for request: Specific(texts, 7)"),
        ("POST", "/v1/models/texts:regress", 400, "Expected one output Tensor."),
    ],
)
def test_an_error_is_indented_json_with_the_text_of_tensorflow_serving(
    rest: RunningHttp, method: str, path: str, status: int, message: str
) -> None:
    body = {"POST": '{"instances": ["a"], "examples": [{"x": 1}]}'}.get(method)
    response = request(rest, method, path, content=body)
    assert (response.status_code, response.text) == (status, f'{{\n    "error": "{message}"\n}}')


def test_the_model_is_looked_up_after_the_json_and_before_its_keys(rest: RunningHttp) -> None:
    def error(path: str, body: str) -> str:
        return str(request(rest, "POST", path, content=body).json()["error"])

    unknown = "/v1/models/other:predict"
    assert error(unknown, "[") == "JSON Parse error: Invalid value. at offset: 1"
    assert "must be a string" in error(unknown, '{"signature_name": 1}')
    assert error(unknown, "{}") == "Servable not found for request: Latest(other)"
    assert error(PREDICT, '{"signature_name": "x"}') == 'Serving signature name: "x" not found in signature def'
    assert error(PREDICT, '{"signature_name": "no_inputs"}') == "Failed to get input map for signature: no_inputs"
    assert error(PREDICT, "{}") == "Missing 'inputs' or 'instances' key"


def test_shapes_and_values_are_the_graphs_to_refuse(rest: RunningHttp) -> None:
    response = predict(rest, {"signature_name": "double", "inputs": {"a": [1, 2, 3], "b": [1, 1]}})
    assert response.status_code == 400
    assert "Incompatible shapes: [3] vs. [2]" in response.json()["error"]
    response = predict(rest, {"signature_name": "numbers", "instances": ["x"]})
    assert "could not correctly convert string: x" in response.json()["error"]


@pytest.mark.parametrize("path", ["/v1", "/v2/models/texts", "/monitoring/other"])
def test_other_paths_are_no_part_of_the_api(rest: RunningHttp, path: str) -> None:
    response = request(rest, "GET", path)
    assert (response.status_code, response.headers["content-type"]) == (404, "text/html")
    assert "<H1>Not Found</H1>" in response.text


def test_options_are_answered_by_origin(rest: RunningHttp) -> None:
    assert request(rest, "OPTIONS", PREDICT).status_code == 400
    response = request(rest, "OPTIONS", PREDICT, headers={"Origin": "https://a.example"})
    assert (response.status_code, response.content) == (200, b"")


def test_a_compressed_request_is_inflated_and_a_broken_one_is_empty(rest: RunningHttp) -> None:
    headers = {"Content-Encoding": "gzip"}
    body = gzip.compress(b'{"signature_name": "numbers", "instances": ["1"]}')
    assert request(rest, "POST", PREDICT, content=body, headers=headers).json() == {"predictions": [1.0]}
    for broken in (b"\x1f\x8bx", body[:-9], b""):
        response = request(rest, "POST", PREDICT, content=broken, headers=headers)
        assert response.json() == {"error": "JSON Parse error: The document is empty"}


def test_a_small_body_that_inflates_to_a_large_one_is_refused(start_rest: Start) -> None:
    server = start_rest(limits=Limits(body_bytes=2**20))
    bomb = gzip.compress(b"[" * 2**26)
    response = request(server, "POST", PREDICT, content=bomb, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 413
    assert response.json() == {"error": "the body has more than 1048576 bytes; send fewer or smaller images"}


def test_a_large_body_gets_an_answer_though_it_is_not_read(start_rest: Start) -> None:
    server = start_rest(limits=Limits(body_bytes=2**20))
    assert request(server, "POST", PREDICT, content=b"x" * 2**21).status_code == 413

    def parts() -> Any:
        for _ in range(32):
            yield b"x" * 2**16

    assert request(server, "POST", PREDICT, content=parts()).status_code == 413
    with connect(server) as client:
        client.sendall(b"POST /v1/models/texts:predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_bodies_that_are_too_large_together_are_refused_for_now(start_rest: Start) -> None:
    server = start_rest(limits=Limits(bodies_in_flight_bytes=2**16))
    with connect(server) as waiting:
        waiting.sendall(b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + b"x" * 50000)
        wait_until(lambda: server.app._bodies.bytes == 50000, "the first body")
        assert predict(server, {"instances": ["x" * 30000]}).status_code == 503
    wait_until(lambda: server.app._bodies.bytes == 0, "the end of the first request")
    assert predict(server, {"instances": ["x" * 30000]}).status_code == 200


def test_a_slow_body_is_given_up(start_rest: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.rest.body._GRACE_SECONDS", 0.05)
    server = start_rest()
    with connect(server) as client:
        client.sendall(b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx")
        assert client.recv(12) == b"HTTP/1.1 408"


def test_a_request_has_a_limit_of_rows(start_rest: Start) -> None:
    server = start_rest(limits=Limits(instances=2))
    for document in ({"instances": ["a"] * 3}, {"inputs": ["a"] * 3}):
        response = predict(server, document)
        assert (response.status_code, response.json()) == (
            400, {"error": "a request of 3 instances; this server takes at most 2"}
        )  # fmt: skip
    assert predict(server, {"instances": ["a"] * 2}).status_code == 200


class _Endless:
    """In place of a model's run, which ends only when it is cancelled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cancelled = False
        monkeypatch.setattr(Servable, "run", lambda *arguments: self._run())

    async def _run(self) -> None:
        try:
            await asyncio.sleep(HANG_GUARD_SECONDS)
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def test_a_request_has_a_limit_of_time(start_rest: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = _Endless(monkeypatch)
    server = start_rest(limits=Limits(request_seconds=0.2))
    response = predict(server, {"instances": ["a"]})
    assert (response.status_code, response.json()) == (
        504, {"error": "the time limit of this request is over; send fewer images"}
    )  # fmt: skip
    assert endless.cancelled
    assert '{model_name="texts",status="DEADLINE_EXCEEDED"} 1' in request(server, "GET", METRICS).text


def test_the_work_for_a_client_that_hung_up_is_cancelled(start_rest: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = _Endless(monkeypatch)
    server = start_rest()
    body = b'{"instances": ["a"]}'
    with connect(server) as client:
        client.sendall(
            b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (PREDICT.encode(), len(body), body)
        )
        wait_until(lambda: server.app._bodies.bytes == len(body), "the request")
    wait_until(lambda: endless.cancelled, "the end of the work")
    wait_until(lambda: '",status="CANCELLED"} 1' in request(server, "GET", METRICS).text, "its metric")


def test_an_error_of_ours_is_500_without_details(start_rest: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: Any) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr(Servable, "run", fail)
    response = predict(start_rest(), {"instances": ["a"]})
    assert (response.status_code, response.json()) == (500, {"error": "internal error"})


def test_requests_on_a_connection_that_stays_open(rest: RunningHttp) -> None:
    with httpx.Client(base_url=rest.url, timeout=HANG_GUARD_SECONDS) as client:
        for content in ("{", '{"instances": ["a"]}', ""):
            response = client.post(PREDICT, content=content)
            assert "connection" not in response.headers


METRICS = "/monitoring/prometheus/metrics"


def test_requests_are_counted_by_model_and_outcome(start_rest: Start) -> None:
    server = start_rest()
    predict(server, {"instances": ["a"]})
    predict(server, {})
    request(server, "POST", "/v1/models/a-name-that-anybody-may-invent:predict", content="{}")
    response = request(server, "GET", METRICS)
    assert response.headers["content-type"].startswith("text/plain")
    assert ':tensorflow:serving:request_count{model_name="texts",status="OK"} 1\n' in response.text
    assert ':tensorflow:serving:request_count{model_name="texts",status="INVALID_ARGUMENT"} 1\n' in response.text
    assert ':request_latency_count{model_name="texts",API="predict",entrypoint="REST"} 1\n' in response.text
    assert "invent" not in response.text


def test_metrics_have_one_path_or_none(rest: RunningHttp, start_rest: Start) -> None:
    response = request(rest, "GET", METRICS + "?x=1")
    assert (response.status_code, response.text) == (400, f"Unexpected path: {METRICS}?x=1. Should be {METRICS}")
    assert request(start_rest(metrics_path=None), "GET", METRICS).status_code == 404


def test_health_and_readiness(start_rest: Start) -> None:
    server = start_rest()
    assert request(server, "GET", "/healthz").status_code == 200
    assert request(server, "GET", "/readyz").status_code == 200
    server.loop.call_soon_threadsafe(server.models.begin_to_end)
    wait_until(lambda: request(server, "GET", "/readyz").status_code == 503, "an end")
    assert request(server, "GET", "/healthz").status_code == 200
    assert predict(server, {"instances": ["a"]}).status_code == 200


def test_a_server_that_ends_closes_its_connections(start_rest: Start) -> None:
    server = start_rest()
    server.app.ending = True
    assert predict(server, {"instances": ["a"]}).headers["connection"] == "close"


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer second"}, {"X-API-Key": "first"}])
def test_a_key_opens_what_is_not_open_anyway(start_rest: Start, headers: dict[str, str]) -> None:
    server = start_rest(api_keys=("first", "second"))
    assert predict(server, {"instances": ["a"]}, headers=headers).status_code == 200
    for wrong in ({}, {"Authorization": "Bearer firs"}, {"Authorization": "Basic first"}, {"X-API-Key": ""}):
        response = predict(server, {"instances": ["a" * 10_000_000]}, headers=wrong)
        assert response.status_code == 401
        assert "first" not in response.text
    assert request(server, "GET", METRICS).status_code == 401
    assert request(server, "GET", "/any/page").status_code == 401
    assert request(server, "GET", "/healthz").status_code == request(server, "GET", "/readyz").status_code == 200


def test_the_demo_page_itself_needs_no_key(start_rest: Start) -> None:
    server = start_rest(api_keys=("first",))
    for path in ("/", "/demo/parts/page.js"):
        assert request(server, "GET", path).status_code == 200
    assert "texts" not in request(server, "GET", "/").text
    for path in ("/demo/samples", "/demo/samples/man-28.jpg", "/demo/parts/../samples", "/v1/models/texts"):
        assert request(server, "GET", path).status_code == 401
    assert request(server, "POST", "/", content=b"x").status_code == 401
    assert request(server, "POST", "/demo/predict", content=b"x").status_code == 401
    assert request(server, "POST", "/demo/predict", content=b"x", headers={"X-API-Key": "first"}).status_code == 409


def test_pages_have_the_limits_of_the_api(start_rest: Start) -> None:
    server = start_rest(limits=Limits(body_bytes=100_000))
    assert request(server, "POST", "/demo/predict", content=b"x" * 90_000).status_code == 409
    assert request(server, "POST", "/demo/predict", content=b"x" * 100_001).status_code == 413
    assert request(server, "GET", "/other").status_code == 404


class _EndlessPage(_Endless):
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cancelled = False
        monkeypatch.setattr("serving.demo.samples.Samples.all", lambda *_: [])
        monkeypatch.setattr("serving.demo.demo.asyncio.to_thread", lambda *_: self._run())


def test_a_page_has_a_limit_of_time(start_rest: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start_rest(limits=Limits(request_seconds=0.2))
    endless = _EndlessPage(monkeypatch)
    assert request(server, "GET", "/demo/samples").status_code == 504
    assert endless.cancelled


def test_the_work_of_a_page_is_cancelled_for_a_client_that_hung_up(
    start_rest: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_rest()
    endless = _EndlessPage(monkeypatch)
    with connect(server) as client:
        client.sendall(b"GET /demo/samples HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until(lambda: endless.cancelled, "the end of the work")


def test_the_log_and_the_metrics_have_the_outcome_of_a_page(
    start_rest: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "serving.access")
    server = start_rest()
    request(server, "GET", "/demo/parts/page.js")
    request(server, "GET", "/other")
    request(server, "POST", "/demo/predict", content=b"x")
    page, other, photo = logged(caplog, 3, "/demo/parts/page.js", "/other", "/demo/predict")
    assert (page["status"], page["code"]) == (200, "OK")
    assert page["sent_bytes"] > 1000
    assert (other["status"], other["code"]) == (404, "NOT_FOUND")
    wanted = {"status": 409, "code": "FAILED_PRECONDITION", "model": "texts", "version": 3, "received_bytes": 1}
    assert photo.items() >= wanted.items()
    assert photo["message"].startswith("VisAge did not train this model")
    metrics = request(server, "GET", METRICS).text
    assert ':tensorflow:serving:request_count{model_name="texts",status="FAILED_PRECONDITION"} 1\n' in metrics
    assert metrics.count("request_count{") == 1


@pytest.mark.parametrize(
    ("body", "in_thread"),
    [
        (b"[" * 2000, True),
        (b"[" + b"[Inf]," * 500 + b"0]", True),
        (b'["' + b"\\n" * 2000 + b"\xff", True),
        (b'{"instances": ["' + b"x" * 100_000 + b'"]}', False),
    ],
)
def test_what_takes_time_to_parse_leaves_the_event_loop(
    rest: RunningHttp, monkeypatch: pytest.MonkeyPatch, body: bytes, in_thread: bool
) -> None:
    names = []

    def parse(parsed: bytes) -> Any:
        names.append(threading.current_thread().name)
        return parse_document(parsed)

    monkeypatch.setattr("serving.rest.inference.parse_document", parse)
    assert request(rest, "POST", PREDICT, content=body).status_code in (200, 400)
    assert [name.startswith("json") for name in names] == [in_thread]


LOGGED = "/v1/models/texts/versions/3:predict"


def test_the_access_log_has_a_line_of_json_without_what_was_sent(
    rest: RunningHttp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "serving.access")
    request(rest, "POST", LOGGED, content='{"instances": ["secret", "secret"]}')
    request(rest, "POST", LOGGED, content='["secret"]')
    served, refused = logged(caplog, 2, LOGGED)
    assert served.pop("milliseconds") >= 0
    time.strptime(served.pop("time"), "%Y-%m-%dT%H:%M:%SZ")
    assert served.pop("sent_bytes") > 100
    assert served == {
        "protocol": "rest",
        "method": f"POST {LOGGED}",
        "status": 200,
        "code": "OK",
        "received_bytes": 35,
        "peer": "127.0.0.1",
        "model": "texts",
        "version": 3,
        "signature": "serving_default",
        "rows": 2,
    }
    assert (refused["status"], refused["message"]) == (400, "JSON Value…")
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "document",
    [
        ["secret"],
        {"instances": [{"b64": "secret!"}]},
        {"instances": [{"name": {"secret": "secret"}}]},
        {"instances": ["a", ["secret"]]},
        {"signature_name": "secret"},
        {"signature_name": "double", "inputs": {"a": ["secret"], "b": [1]}},
        {"signature_name": "numbers", "instances": ["secret"]},
    ],
)
def test_the_access_log_quotes_nothing_of_a_refused_request(
    rest: RunningHttp, caplog: pytest.LogCaptureFixture, document: Any
) -> None:
    caplog.set_level(logging.INFO, "serving.access")
    assert request(rest, "POST", LOGGED, content=json.dumps(document)).status_code == 400
    (line,) = logged(caplog, 1, LOGGED)
    assert line["message"]
    assert "secret" not in caplog.text
