"""The server as a whole: new versions, start-up failures, Ctrl-C."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from serving.server import serve
from tests.end_to_end.visage import VISAGE
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.project import PROJECT
from tests.serving.conftest import RunningServer, mark_as_trained_on_drawings, plain_jpeg
from tests.serving.test_rest import b64, get, post
from visage.errors import VisageError


def version_state(server: RunningServer, number: int) -> str:
    status, response = get(server, f"/v1/models/visage/versions/{number}")
    return response["model_version_status"][0]["state"] if status == 200 else "unknown"


def test_a_newly_pushed_version_is_served_without_interrupting_requests(
    server: RunningServer, older_model: Path
) -> None:
    request = {"instances": [b64(plain_jpeg(102, 102, 102))]}
    before = post(server, "/v1/models/visage:predict", request)[1]["predictions"][0]["age"]

    shutil.copytree(older_model, server.base_path / "4")
    statuses = []

    def took_over() -> bool:
        statuses.append(post(server, "/v1/models/visage:predict", request)[0])
        return version_state(server, 4) == "AVAILABLE"

    wait_until(took_over, "the new version in place")
    assert set(statuses) == {200}

    after = post(server, "/v1/models/visage:predict", request)[1]["predictions"][0]["age"]
    assert after == pytest.approx(before + 10)
    assert version_state(server, 3) == "END"
    assert post(server, "/v1/models/visage/versions/3:predict", request)[0] == 404


def test_a_half_copied_version_does_not_affect_predictions(server: RunningServer, older_model: Path) -> None:
    shutil.copytree(older_model, server.base_path / "4", ignore=shutil.ignore_patterns("variables"))
    wait_until(lambda: version_state(server, 4) == "END", "the incomplete version reported")
    assert version_state(server, 3) == "AVAILABLE"
    assert post(server, "/v1/models/visage:predict", {"instances": [b64(plain_jpeg(9, 9, 9))]})[0] == 200
    reason = get(server, "/v1/models/visage/versions/4")[1]["model_version_status"][0]["status"]
    assert reason["error_code"] == "UNKNOWN"
    assert "push it again" in reason["error_message"]


def test_without_a_model_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="no model here"):
        serve(tmp_path, "visage", 0)


def test_a_version_folder_is_refused_with_the_name_of_its_parent(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "1234")
    with pytest.raises(VisageError, match=f"this is one version.*name its parent {tmp_path}$"):
        serve(tmp_path / "1234", "visage", 0)


def test_a_model_that_cannot_be_loaded_is_an_error_of_one_line_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"half")
    with pytest.raises(VisageError, match=r"visage\.json: missing"):
        serve(tmp_path, "visage", 0)


def test_a_port_in_use_is_an_error_of_one_line(tmp_path: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(VisageError, match=f"127.0.0.1:{port} cannot be listened on .* --rest-port 0"):
            serve(tmp_path, "visage", port)


def hang_up_in_the_middle(url: str, path: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
        time.sleep(0.2)  # The server waits for the rest by then.


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_a_request_predicts_and_ends_in_order(
    how: signal.Signals, tmp_path: Path, saved_model: Path
) -> None:
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "1"))
    # uvloop has a signal wake-up of its own, so nothing may take it.
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "uvloop.py").write_text("raise RuntimeError('uvloop is taken')")
    command = [*VISAGE, "serve", "--model-base-path", str(tmp_path / "visage"), "--rest-port", "0"]
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
        cut_short = {"instances": [b64(plain_jpeg(9, 9, 9)[:300])]}
        assert (
            httpx.post(f"{url}/v1/models/visage:predict", json=cut_short, timeout=HANG_GUARD_SECONDS).status_code == 400
        )
        hang_up_in_the_middle(url, "/v1/models/visage:predict")
        hang_up_in_the_middle(url, "/demo/predict")

        process.send_signal(how)
        assert process.wait(HANG_GUARD_SECONDS) == 128 + how
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"visage: interrupted\n")
