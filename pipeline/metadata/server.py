"""Checks within seconds that a metadata server answers; imports nothing heavy.

ML Metadata's clients wait for minutes for a host that drops packets, and report no cause.
"""

import socket
import struct

from pipeline.metadata.address import ServerAddress
from visage.errors import VisageError, shortened

_SECONDS = 5.0
# PostgreSQL's request for TLS, which every server answers with one letter, whatever it then accepts.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
# MySQL 8's default, of which ML Metadata's client knows nothing.
_UNKNOWN_PLUGINS = ("caching_sha2_password", "sha256_password")


def check_server(address: ServerAddress) -> None:
    """Checks that a server of the right kind listens; does not log in.

    Raises:
        VisageError: the host does not exist, nothing listens, another kind of server does, or it refuses this host.
    """
    try:
        with socket.create_connection((address.host, address.port), timeout=_SECONDS) as connection:
            if address.store == "mysql":
                _greet_mysql(connection, address)
            else:
                _greet_postgresql(connection, address)
    except socket.gaierror as error:
        raise unreachable(address, f"unknown host: {error.strerror}") from None
    except TimeoutError:
        raise unreachable(address, f"no answer within {_SECONDS:g} s") from None
    except OSError as error:
        raise unreachable(address, error.strerror or str(error)) from None


def unreachable(address: ServerAddress, why: str) -> VisageError:
    """Returns the error for a server that does not answer."""
    return VisageError(
        f"{address}: the metadata server does not answer ({shortened(why)}); start it or correct its address, and run "
        "again"
    )


def login_hint(address: ServerAddress) -> str:
    """Returns what may help where a MySQL server refuses a login, by the server's greeting; '' if nothing is known."""
    try:
        with socket.create_connection((address.host, address.port), timeout=_SECONDS) as connection:
            greeting = _mysql_greeting(connection)
    except OSError:
        return ""
    plugin = greeting.rstrip(b"\0").rpartition(b"\0")[2].decode("ascii", "replace")
    if plugin in _UNKNOWN_PLUGINS:
        return f"; ML Metadata logs in by mysql_native_password alone, this server's default is {plugin}"
    return ""


def _greet_mysql(connection: socket.socket, address: ServerAddress) -> None:
    greeting = _mysql_greeting(connection)
    if greeting[:1] == b"\xff":
        # Code, and the text of the error.
        raise VisageError(
            f"{address}: the metadata server refuses this machine ({shortened(greeting[3:].decode('utf-8', 'replace'))}"
            "); correct that on the server"
        )
    if greeting[:1] != b"\x0a":
        raise _another_kind(address)


def _mysql_greeting(connection: socket.socket) -> bytes:
    """Returns the first packet of a MySQL server, without its header; b'' from another server that speaks first."""
    header = _receive(connection, 4)
    length = int.from_bytes(header[:3], "little")
    # The sequence of packets starts at 0. Others' banners are texts.
    return _receive(connection, length) if len(header) == 4 and header[3] == 0 and length < 10_000 else b""


def _greet_postgresql(connection: socket.socket, address: ServerAddress) -> None:
    connection.sendall(_SSL_REQUEST)
    if _receive(connection, 1) not in (b"S", b"N"):
        raise _another_kind(address)


def _receive(connection: socket.socket, size: int) -> bytes:
    """Returns up to `size` bytes, fewer if the server closes the connection."""
    received = b""
    while len(received) < size and (part := connection.recv(size - len(received))):
        received += part
    return received


def _another_kind(address: ServerAddress) -> VisageError:
    return VisageError(f"{address}: no {address.store} server answers there; correct the host and the port")
