"""A metadata server that does not answer, or is none, is an error of one line within seconds."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.metadata import server
from pipeline.metadata.address import ServerAddress
from pipeline.metadata.server import check_server, login_hint
from visage.errors import VisageError

GREETING = b"\x0a8.0.36\0" + bytes(36)


def address(port: int, store: str = "mysql", host: str = "127.0.0.1") -> ServerAddress:
    return ServerAddress(store, host, port, "visage", "visage", "hunter2")


def packet(payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + b"\0" + payload


@contextmanager
def speaking(words: bytes | None) -> Iterator[int]:
    """Listens, and sends each client these words, or nothing at all for None; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            kept = []
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                kept.append(connection)
                if words is not None:
                    connection.sendall(words)
                    connection.shutdown(socket.SHUT_WR)

        threading.Thread(target=speak, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("store", ["mysql", "postgresql"])
def test_a_port_that_nothing_listens_on(store: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(VisageError, match=rf"^{store}://visage@127.0.0.1:{port}/visage: .* \(Connection refused\); "):
        check_server(address(port, store))


def test_an_unknown_host() -> None:
    with pytest.raises(VisageError, match=r"the metadata server does not answer \(unknown host: "):
        check_server(address(3306, host="no-such-host.invalid"))


@pytest.mark.parametrize("store", ["mysql", "postgresql"])
def test_a_server_that_stays_silent(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SECONDS", 0.2)
    with speaking(None) as port, pytest.raises(VisageError, match=r"does not answer \(no answer within 0\.2 s\); "):
        check_server(address(port, store))


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@pytest.mark.parametrize("store", ["mysql", "postgresql"])
def test_a_server_of_another_kind(store: str, words: bytes) -> None:
    if store == "postgresql" and words[:1] == b"S":
        pytest.skip("this letter is an answer")
    with speaking(words) as port, pytest.raises(VisageError, match=f"no {store} server answers there"):
        check_server(address(port, store))


def test_servers_of_the_right_kind() -> None:
    with speaking(packet(GREETING + b"mysql_native_password\0")) as port:
        check_server(address(port))
        assert login_hint(address(port)) == ""
    with speaking(b"N") as port:
        check_server(address(port, "postgresql"))


def test_a_server_that_refuses_this_machine_says_why() -> None:
    refusal = b"\xff\x6a\x04Host '10.0.0.1' is blocked because of many connection errors"
    with (
        speaking(packet(refusal)) as port,
        pytest.raises(VisageError, match=r"refuses this machine \(Host '10.0.0.1' is"),
    ):
        check_server(address(port))


def test_the_login_that_ml_metadata_does_not_know_is_named() -> None:
    with speaking(packet(GREETING + b"caching_sha2_password\0")) as port:
        assert "mysql_native_password alone, this server's default is caching_sha2_password" in login_hint(
            address(port)
        )
