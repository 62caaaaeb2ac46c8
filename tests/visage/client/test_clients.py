"""Four clients, one behaviour: REST and gRPC, in a thread and in asyncio, against real servers."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.visage.client.scripted_server import SLOW_SECONDS, Refusal, Running, grpc_server, rest_server
from visage.client import AsyncClient, Client, ClientError, RetryPolicy
from visage.errors import VisageError

Use = Callable[[str, Callable[[Any], Any]], Any]
QUEUE_FULL = "The batch scheduling queue to which this task was submitted is full"
CROPS = [b"one crop\0", b"another\0\0"]


@pytest.fixture(params=["http", "grpc"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    with (rest_server if request.param == "http" else grpc_server)() as running:
        yield running


def test_every_type_of_output_arrives(use: Use, server: Running) -> None:
    outputs = use(server.url, lambda client: client.predict({"image_bytes": CROPS}))
    assert {name: array.dtype for name, array in outputs.items()} == {
        "age": np.float32,
        "age_probabilities": np.float32,
        "gender": object,
        "raw_bytes": object,
        "rows": np.int64,
    }
    assert outputs["age_probabilities"].tolist() == [[9, -9], [9, -9]]
    assert outputs["raw_bytes"].tolist() == CROPS
    assert outputs["gender"].tolist() == [b"male", b"male"]


def test_crops_are_plain_rows_in_requests_of_32(use: Use, server: Running) -> None:
    rows = use(server.url, lambda client: client.predict_crops([b"x" * length for length in range(70)]))
    assert [row["age"] for row in rows] == list(range(70))
    assert rows[5]["gender"] == "male"
    assert rows[5]["age_probabilities"] == [5.0, -5.0]
    assert len(server.script.predicts) == 3


def test_the_states_of_the_versions(use: Use, server: Running) -> None:
    states = use(server.url, lambda client: client.status())
    assert [(one.version, one.state, one.code) for one in states] == [(3, "AVAILABLE", "OK"), (2, "END", "OK")]


def test_the_signatures(use: Use, server: Running) -> None:
    metadata = use(server.url, lambda client: client.metadata())
    assert (metadata.model, metadata.version) == ("visage", 3)
    signature = metadata.signatures["serving_default"]
    assert (signature.inputs["image_bytes"].dtype, signature.inputs["image_bytes"].shape) == ("DT_STRING", (-1,))
    assert list(signature.outputs) == ["age", "age_probabilities", "gender", "raw_bytes", "rows"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("visage", None, None)),
        ({"version": 3}, ("visage", 3, None)),
        ({"label": "stable"}, ("visage", None, "stable")),
    ],
)
def test_a_version_or_a_label_is_requested(
    use: Callable[..., Any], server: Running, options: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    use(server.url, lambda client: client.predict_crops(CROPS), **options)
    assert server.script.predicts == [expected]


def test_a_request_that_a_full_queue_refuses_is_sent_again(use: Use, server: Running) -> None:
    server.script.acts.extend([Refusal("UNAVAILABLE", QUEUE_FULL)] * 2)
    rows = use(server.url, lambda client: client.predict_crops(CROPS))
    assert len(rows) == 2
    assert len(server.script.predicts) == 3


def test_a_call_that_an_ending_server_cancels_is_sent_again(use: Use, server: Running) -> None:
    if not server.url.startswith("grpc"):
        pytest.skip("over HTTP the connection breaks")
    server.script.acts.append(Refusal("CANCELLED", ""))
    assert len(use(server.url, lambda client: client.predict_crops(CROPS))) == 2
    assert len(server.script.predicts) == 2


def test_a_server_that_stays_full_is_an_error_with_its_text(use: Callable[..., Any], server: Running) -> None:
    server.script.acts.extend([Refusal("UNAVAILABLE", QUEUE_FULL)] * 9)
    with pytest.raises(ClientError, match=QUEUE_FULL) as caught:
        use(server.url, lambda client: client.predict_crops(CROPS), retries=RetryPolicy(3, first_seconds=0.001))
    assert caught.value.code == "UNAVAILABLE"
    assert len(server.script.predicts) == 3


def test_a_connection_that_breaks_before_the_answer_is_opened_again(use: Use, server: Running) -> None:
    server.script.acts.extend(["reset", "reset"])
    assert len(use(server.url, lambda client: client.predict_crops(CROPS))) == 2


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED"])
def test_an_error_of_the_request_is_not_sent_again(use: Use, server: Running, code: str) -> None:
    text = "Unknown image file format.\n\t [[{{node DecodeImage}}]]"
    server.script.acts.append(Refusal(code, text))
    with pytest.raises(ClientError) as caught:
        use(server.url, lambda client: client.predict_crops(CROPS))
    assert (caught.value.code, caught.value.message) == (code, text)
    assert str(caught.value).endswith("visage: Unknown image file format.")
    assert len(server.script.predicts) == 1


def test_the_delay_that_the_server_requests_is_waited(
    use: Use, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    # The modules' own names alone: other threads of this process sleep, too, and other event loops.
    monkeypatch.setattr("visage.client.sync_client.time", SimpleNamespace(sleep=pauses.append))
    monkeypatch.setattr("visage.client.async_client.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": pause}))
    server.script.acts.append(Refusal("RESOURCE_EXHAUSTED", "too many requests", after=7))
    use(server.url, lambda client: client.predict_crops(CROPS))
    assert [7 <= seconds < 7.2 for seconds in pauses] == [True]
    assert len(server.script.predicts) == 2


def test_a_time_beyond_the_deadline_is_not_waited(use: Callable[..., Any], server: Running) -> None:
    server.script.acts.append(Refusal("UNAVAILABLE", "starting", after=3600))
    with pytest.raises(ClientError, match="starting"):
        use(server.url, lambda client: client.predict_crops(CROPS), timeout=30)


def test_a_late_answer_is_an_error(use: Callable[..., Any], server: Running) -> None:
    server.script.acts.append("slow")
    started = time.monotonic()
    with pytest.raises(ClientError, match=r"no response within 0\.\d+ s") as caught:
        use(server.url, lambda client: client.predict_crops(CROPS), timeout=SLOW_SECONDS / 2)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - started < SLOW_SECONDS
    assert len(server.script.predicts) == 1


def test_outputs_that_do_not_fit_their_shape_are_an_error(use: Use, server: Running) -> None:
    server.script.acts.append("broken")
    with pytest.raises(ClientError, match="the outputs cannot be read"):
        use(server.url, lambda client: client.predict({"image_bytes": CROPS}))


def test_a_model_that_is_not_there_is_an_error_with_the_servers_text(use: Use, server: Running) -> None:
    url = f"{server.url}/absent" if server.url.startswith("grpc") else f"{server.url}/v1/models/absent"
    with pytest.raises(ClientError, match="absent: Could not find any versions of model absent") as caught:
        use(url, lambda client: client.status())
    assert caught.value.code == "NOT_FOUND"


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_is_away_is_an_error_with_a_hint(use: Callable[..., Any], scheme: str) -> None:
    with pytest.raises(ClientError, match=rf"^{scheme}://127.0.0.1:1: the server does not respond .*refused"):
        use(f"{scheme}://127.0.0.1:1", lambda client: client.status(), retries=RetryPolicy(2, first_seconds=0.01))


@pytest.mark.parametrize("start", [rest_server, grpc_server])
def test_a_server_that_starts_late_is_found(use: Callable[..., Any], start: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = threading.Event()

    def serve_later() -> None:
        time.sleep(0.4)
        with start(port=port):
            done.wait()

    late = threading.Thread(target=serve_later)
    late.start()
    scheme = "http" if start is rest_server else "grpc"
    policy = RetryPolicy(attempts=1000, first_seconds=0.1, longest_seconds=0.1)
    try:
        assert use(f"{scheme}://127.0.0.1:{port}", lambda client: client.status(), retries=policy)
    finally:
        done.set()
        late.join()


def test_one_connection_serves_all_requests(use: Callable[..., Any], server: Running) -> None:
    use(server.url, lambda client: client.predict_crops([b"x"] * 320))
    assert len(server.script.predicts) == 10
    assert server.script.connections == 1


def test_an_api_key_is_sent_with_every_request(use: Callable[..., Any], server: Running) -> None:
    use(server.url, lambda client: client.predict_crops(CROPS), api_key="s3cret")
    assert set(server.script.authorizations) == {"Bearer s3cret"}


BAD_KEYS = {
    "SECRET\r": "begins or ends with a space or a line break",
    " SECRET": "begins or ends with a space or a line break",
    "SEC\nRET": "a line break, a control character",
    "SÉCRET": "a character that is not ASCII",
    "": "it is empty",
}


@pytest.mark.parametrize("key", BAD_KEYS)
def test_an_api_key_that_no_header_holds_is_an_error_without_it(
    use: Callable[..., Any], server: Running, key: str
) -> None:
    with pytest.raises(VisageError, match=rf"^api_key: .*{BAD_KEYS[key]}.*; set it to the API key alone$") as caught:
        use(server.url, lambda client: client.status(), api_key=key)
    assert not key or key.strip() not in str(caught.value)
    assert server.script.connections == 0


def test_a_closed_client_is_an_error(server: Running) -> None:
    with Client(server.url) as client:
        client.status()
    with pytest.raises(ClientError, match=r"the client is closed; open another one") as caught:
        client.predict_crops(CROPS)
    assert caught.value.code == "CANCELLED"


@pytest.mark.parametrize("is_used", [False, True])
def test_a_closed_client_of_asyncio_is_an_error(server: Running, is_used: bool) -> None:
    async def main() -> None:
        async with AsyncClient(server.url) as client:
            if is_used:
                await client.status()
        for operation in (client.status, lambda: client.predict_photos([b"no image"])):
            with pytest.raises(ClientError, match=r"the client is closed; open another one"):
                await operation()

    asyncio.run(main())


def test_a_request_in_flight_ends_as_an_error_when_the_client_closes(server: Running) -> None:
    server.script.acts.append("slow")

    async def main() -> None:
        client = AsyncClient(server.url)
        request = asyncio.ensure_future(client.predict_crops(CROPS))
        while not server.script.predicts:
            await asyncio.sleep(0.01)
        await client.close()
        with pytest.raises(ClientError, match=r"the client is closed; open another one"):
            await request

    asyncio.run(main())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signs itself, beside its key."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-keyout", file.with_suffix(".key"), "-out", file], check=True, capture_output=True
    )
    return file


@pytest.mark.parametrize("start", [rest_server, grpc_server])
def test_tls_checks_the_servers_certificate(use: Callable[..., Any], start: Any, certificate: Path) -> None:
    with start(certificate) as server:
        assert len(use(server.url, lambda client: client.predict_crops(CROPS), certificates=certificate)) == 2
        with pytest.raises(ClientError) as caught:
            use(server.url, lambda client: client.predict_crops(CROPS), retries=RetryPolicy(1))
        assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("scheme", ["https", "grpcs"])
def test_certificates_that_cannot_be_read_are_an_error(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"nowhere\.pem: no certificates \(No such file or directory\)"):
        Client(f"{scheme}://host:1", certificates=tmp_path / "nowhere.pem")


def test_the_socket_sends_small_requests_at_once(use: Use, server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    if server.url.startswith("grpc"):
        pytest.skip("gRPC's core sets it on its own sockets")
    options: list[tuple[int, int]] = []

    class Noting(socket.socket):
        def setsockopt(self, level: int, name: int, *value: Any) -> None:
            options.append((level, name))
            super().setsockopt(level, name, *value)

    monkeypatch.setattr(socket, "socket", Noting)
    use(server.url, lambda client: client.status())
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY) in options


def test_the_client_imports_neither_tensorflow_nor_the_library_of_the_other_protocol() -> None:
    program = (
        "import sys; from visage.client import Client; Client('{url}');"
        "print(*[name for name in ('tensorflow', 'tfx', 'pydantic', 'httpx', 'grpc') if name in sys.modules])"
    )

    def imported(url: str) -> str:
        command = [sys.executable, "-c", program.format(url=url)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert imported("http://host") == "httpx"
    assert imported("grpc://host") == "grpc"
