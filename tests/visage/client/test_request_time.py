"""The time of a REST request is bounded as a whole, however slowly the server reads and writes."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from visage.client import Client, ClientError, RetryPolicy
from visage.client.address import read_address
from visage.client.http_connection import HttpConnection
from visage.client.rest_protocol import HttpCall

TIMEOUT = 0.3
STEP_SECONDS = 0.05
# Of a busy machine; without a bound the servers take minutes.
LATE_SECONDS = 2.0
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"


def drip(connection: socket.socket, data: bytes) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(STEP_SECONDS)


def drip_headers(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    drip(connection, HEADERS + b"X-Filler: x\r\n" * 1000)


def drip_body(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.sendall(HEADERS + b"\r\n")
    drip(connection, b" " * 1000)


def sip_request(connection: socket.socket) -> None:
    while connection.recv(1 << 12):
        time.sleep(STEP_SECONDS)


@contextmanager
def serving(behaviour: Callable[[socket.socket], None]) -> Iterator[str]:
    """Starts a server whose every connection is left to a function."""

    def serve(connection: socket.socket) -> None:
        # Until the client leaves.
        with connection, suppress(OSError):
            behaviour(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("behaviour", [drip_headers, drip_body])
def test_a_server_that_drips_its_response_does_not_extend_the_time(
    use: Callable[..., Any], behaviour: Callable[[socket.socket], None]
) -> None:
    with serving(behaviour) as url:
        started = time.monotonic()
        with pytest.raises(ClientError, match=r"no response within 0\.3 s") as caught:
            use(url, lambda client: client.status(), timeout=TIMEOUT)
        assert TIMEOUT <= time.monotonic() - started < TIMEOUT + LATE_SECONDS
    assert caught.value.code == "DEADLINE_EXCEEDED"


def test_a_server_that_sips_the_request_does_not_extend_the_time() -> None:
    with serving(sip_request) as url:
        connection = HttpConnection(read_address(url), None, None)
        started = time.monotonic()
        with pytest.raises(ClientError, match=r"no response within 0\.3 s"):
            connection.send(HttpCall("POST", url, bytes(50_000_000)), TIMEOUT)
        assert time.monotonic() - started < TIMEOUT + LATE_SECONDS
        connection.close()


def test_every_request_of_a_connection_has_its_own_time() -> None:
    def respond(connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            time.sleep(TIMEOUT * 0.6)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving(respond) as url, Client(url, timeout=TIMEOUT) as client:
        assert [client.status() for _ in range(3)] == [[]] * 3


@pytest.mark.parametrize("seconds", [0.0, 10.0])
def test_the_lookup_of_a_name_is_bounded(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    looked_up = threading.Event()

    def look_up(host: str, *args: Any, **options: Any) -> Any:
        looked_up.wait(seconds)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    reason = "lookup of its name timed out" if seconds else "Name or service not known"
    started = time.monotonic()
    with (
        Client("http://far.example", timeout=TIMEOUT, retries=RetryPolicy(1)) as client,
        pytest.raises(ClientError, match=rf"the server does not respond \(.*{reason}\)"),
    ):
        client.status()
    assert time.monotonic() - started < TIMEOUT + LATE_SECONDS
    looked_up.set()


def test_another_address_of_a_name_is_tried_in_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "far.example":
            return real(host, port, *args, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("no_proxy", "*")
    with serving(respond) as url, Client(url.replace("127.0.0.1", "far.example")) as client:
        assert client.status() == []
