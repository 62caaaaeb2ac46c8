"""Each call: key, deadline, errors, answers, metrics and log."""

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest

from serving.core.servable import Servable
from serving.grpc_api.calls import address_of, truncated
from tests.helpers.certificate import write_certificate
from tests.serving.conformance.grpc_cases import CLASSIFY, METHODS, battery, example, examples_request
from tests.serving.grpc_api.running_server import (
    PREDICT,
    RunningServer,
    error_of,
    predict_request,
    running_server,
)
from visage.tf_serving_api import messages
from visage.tf_serving_api.tensors import to_array


def test_numbers_come_in_typed_fields(running: RunningServer) -> None:
    tensor = running.predict([1.5, -2]).outputs["doubled"]

    assert (list(tensor.float_val), tensor.tensor_content) == ([3.0, -4.0], b"")


@pytest.mark.parametrize(
    "metadata",
    [[("authorization", "Bearer old")], [("authorization", "bearer new")], [("x-api-key", "new")]],
)
def test_a_key_opens(with_keys: RunningServer, metadata: Any) -> None:
    assert with_keys.predict(metadata=metadata).model_spec.name == "battery"


@pytest.mark.parametrize(
    "metadata", [None, [("authorization", "Bearer wrong")], [("authorization", "Basic new")], [("x-api-key", "")]]
)
def test_without_a_key_a_call_is_refused(with_keys: RunningServer, metadata: Any) -> None:
    assert error_of(with_keys.predict, metadata=metadata) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "an API key is needed; send Authorization: Bearer KEY, or X-API-Key: KEY",
    )


def test_tls(served_models: Path, tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])

    with running_server(served_models, credentials=credentials) as server:
        assert error_of(server.predict, timeout=5)[0] == grpc.StatusCode.UNAVAILABLE  # Without TLS.
        trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
        with grpc.secure_channel(server.address, trusted) as channel:
            server.channel = channel
            assert server.predict().model_spec.version.value == 1


def test_a_deadline_ends_a_call(running: RunningServer, slow_model: threading.Event) -> None:
    assert error_of(running.predict, timeout=0.2)[0] == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_running_call_is_answered_after_stop(served_models: Path, slow_model: threading.Event) -> None:
    with running_server(served_models) as server:
        call = server.method(PREDICT, messages.PredictResponse).future(predict_request([1.5]))
        slow_model.wait()

        server.run(server.server.stop(60))

        assert to_array(call.result().outputs["doubled"]).tolist() == [3.0]
        assert error_of(server.predict)[0] == grpc.StatusCode.UNAVAILABLE


def test_an_error_of_ours_is_internal_and_the_next_call_is_answered(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as patch:
        patch.setattr(Servable, "run", broken)
        assert error_of(running.predict) == (grpc.StatusCode.INTERNAL, "internal error")

    assert running.predict().model_spec.name == "battery"


def test_bytes_that_are_no_message_are_refused(running: RunningServer) -> None:
    code, text = error_of(running.call, PREDICT, b"\xff\xff\xff", messages.PredictResponse)

    assert code == grpc.StatusCode.INTERNAL
    assert text.startswith("the message is no tensorflow.serving.PredictRequest: ")


def test_a_tensor_of_very_many_axes_is_refused_without_a_traceback(
    running: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    request = predict_request([1.5])
    request.inputs["x"].CopyFrom(messages.TensorProto(dtype=1, float_val=[1], tensor_shape={"dim": [{"size": 1}] * 70}))

    error = error_of(running.call, PREDICT, request, messages.PredictResponse)

    assert error == (grpc.StatusCode.INVALID_ARGUMENT, "tensor parsing error: x")
    assert caplog.text == ""


def test_a_long_error_is_cut_at_1024_bytes() -> None:
    assert truncated("a" * 1024) == "a" * 1024
    assert truncated("a" * 1025) == "a" * 1024 + "...TRUNCATED"
    assert truncated("a" * 1023 + "ä") == "a" * 1023 + "...TRUNCATED"


def test_metrics_count_calls_but_no_invented_names(running: RunningServer) -> None:
    running.predict()
    request = predict_request([1.5])
    request.model_spec.name = "invented"
    error_of(running.call, PREDICT, request, messages.PredictResponse)

    text = running.models.metrics.text()

    assert ':tensorflow:serving:request_count{model_name="battery",status="OK"}' in text
    assert 'request_latency_count{model_name="battery",API="Predict",entrypoint="GRPC"}' in text
    assert ':tensorflow:serving:request_count{model_name="",status="NOT_FOUND"} 1' in text
    assert "invented" not in text


@pytest.mark.parametrize("method", ["Predict", "Classify"])
def test_metrics_count_each_example_once(served_models: Path, method: str) -> None:
    requests = {
        "Predict": predict_request([1.5, 2]),
        "Classify": examples_request(CLASSIFY, battery("classify"), example(value=0.25), example(value=1)),
    }
    with running_server(served_models) as server:
        server.call(f"/tensorflow.serving.PredictionService/{method}", requests[method], METHODS[method][1])

        assert ':tensorflow:serving:request_example_count_total{model="battery"} 2\n' in server.models.metrics.text()


@pytest.mark.parametrize(
    ("peer", "address"),
    [("ipv4:127.0.0.1:5000", "127.0.0.1"), ("ipv6:%5B::1%5D:5000", "::1"), ("ipv6:[::1]:5000", "::1"), ("unix:", "")],
)
def test_the_address_in_the_log_is_bare_as_that_of_rest(peer: str, address: str) -> None:
    assert address_of(peer) == address


def test_the_log_has_one_line_for_a_call_without_its_content(
    running: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "serving.access"):
        running.predict([1.5, 2])
        error_of(running.call, PREDICT, messages.PredictRequest(), messages.PredictResponse)

    answered, refused = (json.loads(record.message) for record in caplog.records if record.name == "serving.access")
    assert {"protocol", "time", "milliseconds", "received_bytes", "sent_bytes"} <= set(answered)
    wanted = {
        "peer": "127.0.0.1",
        "method": PREDICT,
        "model": "battery",
        "version": 1,
        "signature": "serving_default",
        "rows": 2,
    }
    assert answered.items() >= {**wanted, "code": "OK"}.items()
    assert (refused["code"], refused["message"]) == ("INVALID_ARGUMENT", "Missing ModelSpec")


@pytest.fixture(scope="module")
def with_keys(served_models: Path) -> Any:
    """A server that takes an old and a new key."""
    with running_server(served_models, api_keys=("old", "new")) as server:
        yield server


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Makes each run take half a second longer; set once one has begun."""
    run, begun = Servable.run, threading.Event()

    async def slow(self: Servable, *arguments: Any) -> Any:
        begun.set()
        await asyncio.sleep(0.5)
        return await run(self, *arguments)

    monkeypatch.setattr(Servable, "run", slow)
    return begun
