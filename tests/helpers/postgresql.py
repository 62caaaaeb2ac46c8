"""A throw-away PostgreSQL server for tests."""

import os
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

_PROGRAMS = ("postgres", "initdb", "psql", "pg_isready")


class PostgreSQL(DatabaseServer):
    """A running server; its user `visage` is its administrator."""

    def __init__(self, programs: dict[str, Path], data: Path, port: int, log: Path) -> None:
        super().__init__(data, port, log)
        self._programs = programs

    def url(self, scheme: str = "postgresql", database: str = DATABASE) -> str:
        """Returns the URL of a database, e.g. with the scheme 'postgresql+psycopg2' for Airflow."""
        return f"{scheme}://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{database}"

    def sql(self, text: str, database: str = DATABASE) -> str:
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"]
        command: list[str | Path] = [self._programs["psql"], *options, "--set=ON_ERROR_STOP=1", f"--dbname={database}"]
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER, "PGPASSWORD": PASSWORD}
        done = subprocess.run(command, input=text, env={**os.environ, **server}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_database(self, name: str) -> None:
        self.sql(f"CREATE DATABASE {name}", database="postgres")

    def _command(self) -> list[str | Path]:
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.data}", "fsync=off"]
        return [
            self._programs["postgres"],
            *("-D", self.data / "data", "-p", str(self.port)),
            *(option for setting in settings for option in ("-c", setting)),
        ]

    def _answers(self) -> bool:
        command: list[str | Path] = [self._programs["pg_isready"], "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(command, timeout=30).returncode == 0


@contextmanager
def running_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Starts a server on 127.0.0.1 with an empty database; skips the test where PostgreSQL cannot be had.

    Args:
        folder: for its log.
    """
    paths = require_programs(*_PROGRAMS, package="postgresql")
    programs = dict(zip(_PROGRAMS, paths, strict=True))
    with unprivileged_data() as data, free_ports(1) as (port,):
        # The server's user cannot read a file of pytest's folder.
        password = data / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        initialize: list[str | Path] = [
            programs["initdb"],
            "-D",
            data / "data",
            f"--username={USER}",
            f"--pwfile={password}",
        ]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*unprivileged(), *initialize, *options], cwd=data, check=True, capture_output=True)
        server = PostgreSQL(programs, data, port, folder / "postgresql.log")
        try:
            server.start()
            server.create_database(DATABASE)
            yield server
        finally:
            server.kill()
