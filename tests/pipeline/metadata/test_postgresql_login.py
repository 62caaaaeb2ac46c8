"""User, password and database reach a PostgreSQL server as they are, and no message repeats the password."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import pytest

from pipeline.metadata import server_store
from pipeline.metadata.address import ServerAddress
from pipeline.metadata.server_store import open_server
from tests.helpers.project import PROJECT
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack


@dataclass
class RefusingServer:
    """A server that refuses each login, and what it prints of them."""

    port: int
    output: IO[str]

    def last_login(self) -> dict[str, str]:
        return dict(json.loads(self.output.readline()))


@pytest.fixture(scope="module")
def server() -> Iterator[RefusingServer]:
    command = [sys.executable, "-m", "tests.helpers.refusing_postgresql"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield RefusingServer(int(process.stdout.readline()), process.stdout)
        process.kill()


@pytest.mark.parametrize(
    "password", ["two words", "'quoted'", "it's", "back\\slash\\", "' \\' dbname=other =", "é日本"]
)
def test_a_login_reaches_the_server_as_it_is(server: RefusingServer, password: str) -> None:
    address = ServerAddress("postgresql", "127.0.0.1", server.port, "visage$1", "a user's \\", password)
    with pytest.raises(VisageError, match=r"the metadata server refuses the login of a user's \\; correct"):
        open_server(address)
    login = server.last_login()
    assert (login["user"], login["database"], login["password"]) == ("a user's \\", "visage$1", password)


def test_words_of_a_password_that_the_client_misreads_are_not_repeated(
    server: RefusingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_store, "_conninfo_value", lambda text: text)
    for password in ("abc SECRETWORD", "abc SECRETWORD=1"):
        with pytest.raises(VisageError, match="the metadata server cannot be used") as error:
            open_server(ServerAddress("postgresql", "127.0.0.1", server.port, "visage", "visage", password))
        assert "SECRETWORD" not in str(error.value)
        assert "abc" not in str(error.value)
