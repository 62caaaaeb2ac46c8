"""tools/docker.sh ends the daemon that it started, and no other process."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT

pytestmark = pytest.mark.one_stack

# Of a machine without Docker, on which the daemon does not start.
PROGRAMS = {"docker": "exit 1", "dockerd": "echo refused; exit 1", "id": "echo 0"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name, words in PROGRAMS.items():
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{words}\n")
        program.chmod(0o755)
    path = f"{tmp_path / 'programs'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(tmp_path)}


@pytest.fixture
def other(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a name, whose number stands in the file for that of the daemon."""
    program = tmp_path / request.param
    program.write_text("#!/bin/sh\nread forever\n")
    program.chmod(0o755)
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        folder = tmp_path / "visage" / "docker"
        folder.mkdir(parents=True)
        (folder / "pid").write_text(str(process.pid))
        # The program waits until a process that it ends is gone, so until it is reaped here.
        threading.Thread(target=process.wait, daemon=True).start()
        yield process
        process.kill()


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [str(PROJECT / "tools" / "docker.sh"), "true"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("other", ["postgres"], indirect=True)
def test_a_process_that_got_the_number_of_a_daemon_of_before_is_left_alone(
    environment: dict[str, str], other: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with start(environment) as program:
        assert "dockerd did not start: refused" in program.communicate(timeout=60)[1]
    assert other.poll() is None
    assert not (tmp_path / "visage" / "docker" / "pid").exists()


@pytest.mark.parametrize("other", ["dockerd"], indirect=True)
def test_the_last_user_ends_the_daemon(environment: dict[str, str], other: subprocess.Popen[bytes]) -> None:
    with start(environment):
        assert other.wait(60) == -signal.SIGTERM
