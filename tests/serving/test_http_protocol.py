"""The limit of open connections: idle ones give way, and requests are served."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.core.limits import Limits
from serving.core.model_config import ModelConfig
from serving.options import ServeOptions
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.serving.http_server import RunningHttp, run_http
from tests.serving.rest.graphs import save_graph

LIMIT = 5
BEGUN = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n12345"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningHttp]:
    save_graph(tmp_path / "3")
    options = ServeOptions([ModelConfig("texts", tmp_path)], limits=Limits(connections=LIMIT))
    with run_http(options) as running:
        yield running


@pytest.fixture
def sockets(server: RunningHttp) -> Iterator[list[socket.socket]]:
    """Sockets that the test opens by `connect`; closed after it."""
    opened: list[socket.socket] = []
    yield opened
    for one in opened:
        one.close()


def connect(server: RunningHttp, sockets: list[socket.socket], sent: bytes = b"") -> socket.socket:
    """Returns a new connection that the server has accepted."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=HANG_GUARD_SECONDS)
    one.sendall(sent)
    sockets.append(one)
    return one


def is_ended(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_idle_connections_shut_nobody_out(server: RunningHttp, sockets: list[socket.socket]) -> None:
    for _ in range(10 * LIMIT):
        connect(server, sockets)
    assert httpx.get(f"{server.url}/healthz", timeout=HANG_GUARD_SECONDS).status_code == 200
    # The one of the probe was the last that made room.
    wait_until(lambda: sum(not is_ended(one) for one in sockets) < LIMIT, "connections that have ended")
    assert [is_ended(one) for one in sockets[-LIMIT + 1 :]] == [False] * (LIMIT - 1)


def test_a_connection_with_a_request_is_not_ended(server: RunningHttp, sockets: list[socket.socket]) -> None:
    busy = connect(server, sockets, BEGUN)
    wait_until(lambda: server.app._bodies.bytes == 5, "the beginning of the request")
    for _ in range(2 * LIMIT):
        connect(server, sockets)
    wait_until(lambda: sum(not is_ended(one) for one in sockets) == LIMIT, "connections that have ended")
    busy.setblocking(True)
    busy.sendall(b"6789")
    assert busy.recv(12) == b"HTTP/1.1 400"
    # Idle since its response, so it is the newest one.
    connect(server, sockets)
    wait_until(lambda: sum(not is_ended(one) for one in sockets) == LIMIT, "a connection that has ended")
    busy.setblocking(True)
    busy.recv(10_000)
    assert not is_ended(busy)
