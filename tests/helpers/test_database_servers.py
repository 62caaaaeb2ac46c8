"""Tests the throw-away database servers that other tests start."""

import os
from pathlib import Path

import pytest

from tests.helpers.mariadb import running_mariadb
from tests.helpers.postgresql import running_postgresql
from tests.helpers.system_packages import require_programs

pytestmark = pytest.mark.one_stack


@pytest.mark.parametrize("running", [running_mariadb, running_postgresql])
def test_a_server_keeps_its_data_over_a_crash_and_leaves_nothing_behind(running, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with running(tmp_path) as server:
        server.sql("CREATE TABLE one (value INT); INSERT INTO one VALUES (3)")
        server.kill()
        server.start()
        assert server.sql("SELECT value, 4 FROM one") == "3\t4\n"
        data = server.data
    assert not data.exists()


def test_a_program_that_cannot_be_installed_skips_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.skip.Exception, match="no no-such-program here: apt-get install no-such-package"):
        require_programs("sh", "no-such-program", package="no-such-package")


def test_a_program_on_the_path_is_found() -> None:
    assert require_programs("sh", package="no-such-package")[0].name == "sh"
