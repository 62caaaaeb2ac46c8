"""Beam's job service and a pool of external workers: how Flink, Spark and Dataflow speak with Python workers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.helpers.limits import wait_until
from tests.helpers.ports import free_ports
from tests.helpers.project import PROJECT


@dataclass(frozen=True)
class PortableServices:
    """Both services, running.

    Attributes:
        options: the Beam flags that name them.
        pool: process id of the pool, whose children are the workers.
        logs: the output of both, one file each.
    """

    options: list[str]
    pool: int
    logs: Path

    def workers(self) -> list[int]:
        """Returns the process ids of the workers."""
        children = Path(f"/proc/{self.pool}/task").glob("*/children")
        return [int(child) for file in children for child in file.read_text().split()]


@contextmanager
def portable_services(folder: Path) -> Iterator[PortableServices]:
    """Starts both on free ports of this machine alone; ends them and their workers, whatever happens."""
    with free_ports(2) as (job_port, pool_port):
        yield from _services(folder, job_port, pool_port)


def _services(folder: Path, job_port: int, pool_port: int) -> Iterator[PortableServices]:
    job_service = (
        "apache_beam.runners.portability.local_job_service_main",
        f"--port={job_port}",
        f"--staging_dir={folder / 'staging'}",
    )
    worker_pool = ("apache_beam.runners.worker.worker_pool_main", f"--service_port={pool_port}")
    with _server(folder / "job_service.log", *job_service), _server(folder / "worker_pool.log", *worker_pool) as pool:
        for port in (job_port, pool_port):
            wait_until(partial(_listens, port), f"a server on port {port}")
        options = [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{job_port}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool_port}",
        ]
        yield PortableServices(options, pool, folder)


@contextmanager
def _server(log: Path, *command: str) -> Iterator[int]:
    # The pool starts its workers as `python`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engines.loopback", *command],
            cwd=PROJECT,
            env=os.environ | {"PATH": path},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        # The workers are of the same session.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("localhost", port)):
        return True
    return False
