"""Runs one of Beam's servers bound to this machine alone; by themselves they listen on every address.

`python -m tests.engines.loopback MODULE ARGUMENTS...`
"""

import runpy
import socket
import sys

from grpc import _server

_add_insecure_port = _server._Server.add_insecure_port


def _on_loopback(server: _server._Server, address: str) -> int:
    return _add_insecure_port(server, address.replace("[::]:", "localhost:"))


if __name__ == "__main__":
    _server._Server.add_insecure_port = _on_loopback
    # By this name workers call the job service back.
    socket.getfqdn = lambda name="": "localhost"
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
