"""Finds programs of the operating system for tests; installs their Debian package where that is allowed."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

# Servers lie outside the PATH of most users; Debian keeps each PostgreSQL in a folder of its own.
_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/sbin")
_SECONDS = 300


def require_programs(*programs: str, package: str) -> list[Path]:
    """Returns the path of each program; as root on Debian it installs the package where one lacks.

    Skips the test, with the reason, where a program is missing and cannot be installed.

    Args:
        programs: e.g. 'mariadbd'.
        package: the Debian package that holds them all, e.g. 'mariadb-server'.
    """
    found = _find(programs)
    if None in found:
        problem = _install(package)
        found = _find(programs)
        if problem or None in found:
            missing = ", ".join(name for name, path in zip(programs, found, strict=True) if path is None)
            pytest.skip(f"no {missing or programs[0]} here: apt-get install {package}{problem and f' ({problem})'}")
    return [path for path in found if path is not None]


def _find(programs: tuple[str, ...]) -> list[Path | None]:
    # Before the PATH, where Debian's /usr/bin/psql is a script that wants more packages.
    folders = [str(folder) for pattern in _FOLDERS for folder in sorted(Path("/").glob(pattern), reverse=True)]
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
    return [Path(found) if (found := shutil.which(name, path=path)) else None for name in programs]


def _install(package: str) -> str:
    """Installs a package; returns why it could not, or ''."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return ""
    # Tests run in several processes.
    with Path(tempfile.gettempdir(), "visage-test-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
        problem = _run(install)
        # The package lists of a fresh machine may be empty or old.
        if problem and not (problem := _run(["apt-get", "update", "--quiet"])):
            problem = _run(install)
        return problem


def _run(command: list[str]) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{command[1]} took more than {_SECONDS} s"
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1] if done.returncode else ""
