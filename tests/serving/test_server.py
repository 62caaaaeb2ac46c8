"""The server as a whole: start-up failures, the first lines, Ctrl-C and SIGTERM."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import grpc
import httpx
import pytest

from serving.core.model_config import ModelConfig
from serving.options import ServeOptions, TlsFiles
from serving.server import serve
from tests.end_to_end.visage import VISAGE
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.project import PROJECT
from tests.serving.conftest import mark_as_trained_on_drawings, plain_jpeg
from visage.client import Client
from visage.errors import VisageError
from visage.tf_serving_api.messages import HealthCheckResponse


def options(base_path: Path, rest_port: int = 0, grpc_port: int = 0) -> ServeOptions:
    return ServeOptions([ModelConfig("visage", base_path)], rest_port=rest_port, grpc_port=grpc_port)


def test_without_a_model_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="no model here"):
        serve(options(tmp_path))


def test_a_version_folder_is_refused_with_the_name_of_its_parent(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "1234")
    with pytest.raises(VisageError, match=f"this is one version.*name its parent {tmp_path}$"):
        serve(options(tmp_path / "1234"))


def test_a_model_that_cannot_be_loaded_is_an_error_of_one_line_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"half")
    with pytest.raises(VisageError, match=f"{tmp_path / '1'}: the model cannot be loaded .*; push it again"):
        serve(options(tmp_path))


def test_a_port_in_use_is_an_error_of_one_line(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(VisageError, match=f"127.0.0.1:{port} cannot be listened on .* --rest-port 0"):
            serve(options(tmp_path, rest_port=port))
        with pytest.raises(VisageError, match=f"127.0.0.1:{port} cannot be listened on .* --grpc-port 0"):
            serve(options(tmp_path, grpc_port=port))


def test_a_wrong_certificate_is_an_error_of_one_line(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "visage" / "1")
    files = TlsFiles(tmp_path / "certificate.pem", tmp_path / "key.pem")
    for file in (files.certificate, files.key):
        file.write_text("no certificate")
    with pytest.raises(VisageError, match=r"certificate\.pem, .*key\.pem: no certificate with its key in PEM format"):
        serve(replace(options(tmp_path / "visage"), tls=files))


def hang_up_in_the_middle(url: str, path: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
        time.sleep(0.2)  # The server waits for the rest by then.


def test_after_sigterm_every_accepted_request_is_answered(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "visage" / "1")
    request = {"instances": [{"b64": base64.b64encode(plain_jpeg(9, 9, 9)).decode()}] * 200}
    others = ["--rest-port", "0", "--grpc-port", "0", "--access-log", "--statistics", str(tmp_path / "statistics")]
    command = [*VISAGE, "serve", "--model-base-path", str(tmp_path / "visage"), *others]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        url = line.split(" at ")[1].split("/ ")[0]
        address = line.split("gRPC: ")[1].split(";")[0]
        statuses: list[int] = []
        answers: list[int] = []

        def predict_until_told_to_go() -> None:
            with httpx.Client(timeout=HANG_GUARD_SECONDS) as client:
                while True:
                    answer = client.post(f"{url}/v1/models/visage:predict", json=request)
                    statuses.append(answer.status_code)
                    if answer.headers.get("connection") == "close":
                        return

        def call_until_told_to_go() -> None:
            with grpc.insecure_channel(address) as channel:
                check = channel.unary_unary(
                    "/grpc.health.v1.Health/Check", response_deserializer=HealthCheckResponse.FromString
                )
                with Client(f"grpc://{address}") as client:
                    while check(b"").status == 1:
                        answers.append(len(client.predict_crops([plain_jpeg(9, 9, 9)] * 30)))

        with ThreadPoolExecutor(5) as clients:
            ends = [clients.submit(predict_until_told_to_go) for _ in range(4)]
            ends.append(clients.submit(call_until_told_to_go))
            wait_until(lambda: len(statuses) >= 4 and answers, "requests that are answered")
            assert httpx.get(f"{url}/readyz").status_code == 200
            process.terminate()
            wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 503, "a server that is no longer ready")
            for end in ends:
                end.result()
        logged = [json.loads(one) for one in process.stdout]
        assert process.wait(HANG_GUARD_SECONDS) == 128 + signal.SIGTERM
    assert set(statuses) == {200}
    assert set(answers) == {30}
    assert [one["status"] for one in logged if one["method"].startswith("POST")] == statuses
    assert list((tmp_path / "statistics").rglob("*.tfrecord"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_a_request_predicts_and_ends_in_order(
    how: signal.Signals, tmp_path: Path, saved_model: Path
) -> None:
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "1"))
    # uvloop has a signal wake-up of its own, so nothing may take it.
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "uvloop.py").write_text("raise RuntimeError('uvloop is taken')")
    command = [*VISAGE, "serve", "--model-base-path", str(tmp_path / "visage"), "--rest-port", "0", "--grpc-port", "0"]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "packages")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that were started in the background inherit a Ctrl-C that is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        warning, line = process.stdout.readline().decode(), process.stdout.readline().decode()
        assert warning.startswith("warning: trained on drawn portraits")
        assert (
            "(visage, pipeline faces, version 1, training 8, trained on drawn portraits: utkface (1,265 faces);" in line
        )
        assert "curl --data-binary @photo.jpg http://127.0.0.1:" in line
        url = line.split(" at ")[1].split("/ ")[0]
        assert httpx.get(f"{url}/v1/models/visage", timeout=HANG_GUARD_SECONDS).status_code == 200
        cut_short = {"instances": [{"b64": base64.b64encode(plain_jpeg(9, 9, 9)[:300]).decode()}]}
        assert (
            httpx.post(f"{url}/v1/models/visage:predict", json=cut_short, timeout=HANG_GUARD_SECONDS).status_code == 400
        )
        hang_up_in_the_middle(url, "/v1/models/visage:predict")
        hang_up_in_the_middle(url, "/demo/predict")

        process.send_signal(how)
        assert process.wait(HANG_GUARD_SECONDS) == 128 + how
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"visage: interrupted\n")
