"""A program that listens as PostgreSQL does, asks each client for its password, and refuses it.

Its output, a line each: the port, then a JSON object for each login. It is a process of its own, because ML Metadata's
client lets no other thread of Python run while it waits.
"""

import json
import socket
import struct
from io import BufferedRWPair

_SSL_REQUEST = 80877103
_REFUSED = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "x"\0\0'


def _serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rwb") as stream:
                _log_in(stream)


def _log_in(stream: BufferedRWPair) -> None:
    while header := stream.read(8):
        length, code = struct.unpack("!ii", header)
        if code == _SSL_REQUEST:
            stream.write(b"N")
            stream.flush()
            continue
        words = stream.read(length - 8).decode().rstrip("\0").split("\0")
        login = dict(zip(words[::2], words[1::2], strict=True))
        # Asks for the password as it is.
        stream.write(b"R" + struct.pack("!ii", 8, 3))
        stream.flush()
        (length,) = struct.unpack("!xi", stream.read(5))
        login["password"] = stream.read(length - 4).decode().removesuffix("\0")
        print(json.dumps(login), flush=True)
        stream.write(b"E" + struct.pack("!i", 4 + len(_REFUSED)) + _REFUSED)
        return


if __name__ == "__main__":
    _serve()
