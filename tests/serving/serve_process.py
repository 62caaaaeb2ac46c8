"""`visage serve` in a process of its own: grpcio serves one event loop of a process, and clients have theirs."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.visage import VISAGE
from tests.helpers.project import PROJECT

_PORTS = re.compile(r" at https?://[^ ]+:(\d+)/ .*gRPC: [^ ]+:(\d+);")


@contextmanager
def serve(*options: str) -> Iterator[tuple[int, int]]:
    """Runs `visage serve` on free ports, and yields those of REST and gRPC."""
    command = [*VISAGE, "serve", *options, "--rest-port", "0", "--grpc-port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ports = next((found for line in process.stdout if (found := _PORTS.search(line))), None)
            assert ports is not None, "the server did not start; its error is above"
            yield int(ports[1]), int(ports[2])
        finally:
            process.terminate()


def environment() -> dict[str, str]:
    """Returns the environment of a server: quiet, and without GPUs."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
