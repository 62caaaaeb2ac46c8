"""Finds free TCP ports for servers that need a number before they listen."""

import fcntl
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

# Below the ports that Linux assigns to port 0 (net.ipv4.ip_local_port_range).
_PORTS = range(20_000, 32_000)


@contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """Yields free ports of this machine that no other test gets meanwhile."""
    ports: list[int] = []
    with ExitStack() as locks:
        # Tests run in several processes, each of which seeds Python's own numbers.
        numbers = random.SystemRandom()
        while len(ports) < count:
            port = numbers.choice(_PORTS)
            lock = locks.enter_context(Path(tempfile.gettempdir(), f"visage-test-port-{port}").open("w"))
            with suppress(OSError), socket.socket() as probe:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        yield ports
