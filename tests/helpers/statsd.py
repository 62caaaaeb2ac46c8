"""A StatsD server: a UDP socket that keeps what it gets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class StatsDServer:
    """Receives metrics on a port of this machine."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    @property
    def address(self) -> str:
        """Returns HOST:PORT."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def received(self) -> list[str]:
        """Returns the metrics that have arrived since the last call; on one machine a packet arrives as it is sent."""
        lines: list[str] = []
        while True:
            try:
                lines += self._socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return lines


@contextmanager
def statsd_server(family: socket.AddressFamily = socket.AF_INET) -> Iterator[StatsDServer]:
    """Runs a server inside the `with` block."""
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        opened.setblocking(False)
        yield StatsDServer(opened)
