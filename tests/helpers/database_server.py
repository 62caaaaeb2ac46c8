"""A throw-away database server on this machine: what PostgreSQL's and MariaDB's have in common."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.helpers.limits import wait_until

# The databases refuse to run as root.
_NOBODY = 65534
_SECONDS = 60.0
USER = "visage"
# Characters that a URL must escape, so that tests find where that was forgotten.
PASSWORD = "s3cret/@:#%?x"
PASSWORD_IN_URL = "s3cret%2F%40%3A%23%25%3Fx"
DATABASE = "visage"


class DatabaseServer(ABC):
    """A running server on 127.0.0.1, with the database and the user `visage`, who may do everything in it.

    Attributes:
        port: it keeps it when it starts again.
        log: what the server writes.
    """

    def __init__(self, data: Path, port: int, log: Path) -> None:
        self.data = data
        self.port = port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def url(self, scheme: str = "", database: str = DATABASE) -> str:
        """Returns the URL of a database, with user and password."""

    @abstractmethod
    def sql(self, text: str, database: str = DATABASE) -> str:
        """Runs SQL as the server's administrator, and returns the rows, a line each, columns divided by tabs."""

    @abstractmethod
    def _command(self) -> list[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    @abstractmethod
    def create_database(self, name: str) -> None:
        """Creates an empty database as docs/metadata.md says; a name that begins with `visage`."""

    def start(self) -> None:
        """Starts the server, and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*unprivileged("--pdeathsig=KILL"), *self._command()],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _SECONDS
        while not self._answers():
            problem = "ended" if self._process.poll() is not None else "does not answer"
            if problem == "ended" or time.monotonic() > end:
                raise AssertionError(f"the server {problem}:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Ends the server at once, as a crash of its machine does; `start` starts it again with the same data."""
        if self._process is not None:
            # PostgreSQL's connections have processes of their own, which go on for a moment.
            children = _children(self._process.pid)
            self._process.kill()
            self._process.wait()
            self._process = None
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            wait_until(lambda: not any(map(_runs, children)), "the end of the server")


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].partition(" ")[0]
    except OSError:
        return False
    # Nobody may collect the exit code of an orphan.
    return state != "Z"


def unprivileged(*options: str) -> list[str]:
    """Returns the start of a command that runs the rest as an ordinary user.

    Args:
        *options: of setpriv; '--pdeathsig=KILL' ends the rest with this process, however that ends.
    """
    user = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, *options, "--"] if user or options else []


@contextmanager
def unprivileged_data() -> Iterator[Path]:
    """Yields a new folder that the server's user owns; pytest's own folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="visage-test-db-"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
