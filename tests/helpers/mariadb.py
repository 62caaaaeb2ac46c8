"""A throw-away MariaDB server for tests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.database_server import (
    DATABASE,
    PASSWORD,
    PASSWORD_IN_URL,
    USER,
    DatabaseServer,
    unprivileged,
    unprivileged_data,
)
from tests.helpers.ports import free_ports
from tests.helpers.system_packages import require_programs

_PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb")


class MariaDB(DatabaseServer):
    """A running server; `visage` may do everything in its databases `visage`, `visage_1`, ..."""

    def __init__(self, programs: dict[str, Path], data: Path, port: int, log: Path) -> None:
        super().__init__(data, port, log)
        self._programs = programs

    def url(self, scheme: str = "mysql", database: str = DATABASE) -> str:
        """Returns the URL of a database."""
        return f"{scheme}://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{database}"

    def sql(self, text: str, database: str = DATABASE) -> str:
        command: list[str | Path] = [
            self._programs["mariadb"],
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            "--user=root",
        ]
        command += [f"--socket={self._socket}", f"--database={database}"]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_database(self, name: str) -> None:
        self.sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", database="mysql")

    @property
    def _socket(self) -> Path:
        return self.data / "socket"

    def _command(self) -> list[str | Path]:
        return [
            self._programs["mariadbd"],
            "--no-defaults",
            f"--datadir={self.data / 'data'}",
            f"--socket={self._socket}",
            f"--pid-file={self.data / 'pid'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=2",
        ]

    def _answers(self) -> bool:
        command: list[str | Path] = [
            self._programs["mariadb"],
            "--no-defaults",
            "--user=root",
            f"--socket={self._socket}",
        ]
        return subprocess.run([*command, "--execute=SELECT 1"], capture_output=True, timeout=30).returncode == 0


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDB]:
    """Starts a server on 127.0.0.1 with an empty database; skips the test where MariaDB cannot be had.

    Args:
        folder: for its log.
    """
    paths = require_programs(*_PROGRAMS, package="mariadb-server")
    programs = dict(zip(_PROGRAMS, paths, strict=True))
    with unprivileged_data() as data, free_ports(1) as (port,):
        initialize: list[str | Path] = [
            programs["mariadb-install-db"],
            "--no-defaults",
            f"--datadir={data / 'data'}",
            "--skip-test-db",
        ]
        options = ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
        subprocess.run([*unprivileged(), *initialize, *options], cwd=data, check=True, capture_output=True)
        server = MariaDB(programs, data, port, folder / "mariadb.log")
        try:
            server.start()
            user = f"'{USER}'@'127.0.0.1'"
            server.create_database(DATABASE)
            server.sql(
                f"CREATE USER {user} IDENTIFIED BY '{PASSWORD}';GRANT ALL PRIVILEGES ON `{DATABASE}%`.* TO {user};",
                database="mysql",
            )
            yield server
        finally:
            server.kill()
