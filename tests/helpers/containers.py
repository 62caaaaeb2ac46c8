"""A Docker daemon and the project's own image, for tests that run containers."""

import atexit
import fcntl
import hashlib
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT

_BUILD_SECONDS = 1500


def docker_daemon() -> str:
    """Starts a Docker daemon until this process ends, unless one answers already.

    Returns: its address, as DOCKER_HOST. Containers have no network of their own: none, or this machine's.

    Skips the test, with the reason, where none can be started.
    """
    address = docker_environment().get("DOCKER_HOST")
    return address or "unix:///var/run/docker.sock"


def visage_image(target: str = "cpu") -> str:
    """Builds the project's image by `make image`, once in a session; Docker keeps the layers that did not change.

    Args:
        target: of docker/Dockerfile.

    Returns: the image's name, which other working trees do not use.

    Skips the test, with the reason, where no Docker daemon can be started.

    Raises:
        AssertionError: it cannot be built.
    """
    return _build_image(target)


def run_docker(
    *words: str | Path, check: bool = True, seconds: float = 600, **options: object
) -> subprocess.CompletedProcess[str]:
    """Runs Docker's client with the daemon of the tests.

    Args:
        words: e.g. 'run', '--rm', visage_image(), 'doctor'.
        check: whether another exit code than 0 is an error.
        seconds: after which it is ended.

    Raises:
        AssertionError: it failed; the message is its output.
    """
    command = ["docker", *map(str, words)]
    environment = dict(docker_environment())
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        **options,  # type: ignore[call-overload]
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def docker_environment() -> Mapping[str, str]:
    """Returns the environment with which `docker` reaches the daemon of the tests; skips where there is none."""
    found = _start_daemon()
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _start_daemon() -> dict[str, str] | str:
    """Returns the environment of `tools/docker.sh`, or why it has none."""
    # The daemon runs as long as this command, which ends with its standard input, so with this process.
    process = subprocess.Popen(
        [PROJECT / "tools" / "docker.sh", "sh", "-c", "env -0; printf '\\0\\0'; exec cat >/dev/null"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    text = ""
    while not text.endswith("\0\0\0") and (character := process.stdout.read(1)):
        text += character
    if not text.endswith("\0\0\0"):
        *_, reason = ["tools/docker.sh failed", *process.stderr.read().strip().splitlines()]
        return reason
    atexit.register(process.communicate)
    return dict(line.partition("=")[::2] for line in text.rstrip("\0").split("\0"))


@cache
def _build_image(target: str) -> str:
    checkout = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:8]
    image = f"visage:test-{target}-{checkout}"
    environment = dict(docker_environment())
    folder = PROJECT / ".cache"
    folder.mkdir(exist_ok=True)
    # Tests run in several processes.
    with (folder / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["make", "image", f"TARGET={target}", f"IMAGE={image}"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    # Earlier builds of this name.
    run_docker("image", "prune", "--force", "--filter", "label=org.opencontainers.image.title=VisAge")
    return image
