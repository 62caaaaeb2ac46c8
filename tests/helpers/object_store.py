"""A server with the protocol of S3 on this machine, and programs that use it as another machine would."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from tests.helpers.limits import wait_until
from tests.helpers.locked_environment import locked_environment
from tests.helpers.ports import free_ports
from tests.helpers.project import PROJECT

_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class ObjectStore:
    """A running server.

    Attributes:
        address: of its HTTP.
        programs: folder with a Python that has s3fs.
    """

    address: str
    programs: Path

    @property
    def environment(self) -> dict[str, str]:
        """Returns what s3fs reads: the address and, as everywhere, credentials that stand in no configuration."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(PROJECT),
        }

    def make_bucket(self, name: str) -> None:
        """Creates an empty bucket."""
        with _OPENER.open(Request(f"{self.address}/{name}", method="PUT"), timeout=60):
            pass

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Python code with s3fs and this project, and returns how it ended."""
        return subprocess.run(
            [self.programs / "python", "-c", program, *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
        )


@contextmanager
def running_object_store(folder: Path) -> Iterator[ObjectStore]:
    """Starts moto's server on a free port of this machine alone, installed by its lock; ends it, whatever happens."""
    programs = locked_environment("moto")
    with free_ports(1) as (port,), (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "python", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        store = ObjectStore(f"http://127.0.0.1:{port}", programs)
        try:
            wait_until(lambda: _responds(store.address) or server.poll() is not None, "moto's server")
            assert server.poll() is None, (folder / "moto.log").read_text()
            yield store
        finally:
            server.kill()
            server.wait()


def _responds(address: str) -> bool:
    with suppress(OSError), _OPENER.open(address, timeout=60):
        return True
    return False
