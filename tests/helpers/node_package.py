"""Packages of npm for tests, each in a folder of its own below `.cache/`."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT


def node_package(name: str, version: str) -> Path:
    """Returns the folder of a package, unpacked without its dependencies; skips the test where it cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = PROJECT / ".cache" / "npm" / f"{name}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Tests run in several processes.
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            making = folder.with_name(f"{folder.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            command: list[str | Path] = ["npm", "pack", "--silent", "--pack-destination", making, f"{name}@{version}"]
            packed = subprocess.run(command, capture_output=True, text=True)
            if packed.returncode != 0:
                pytest.skip(f"{name} cannot be had from npm: {packed.stderr.strip()[-200:]}")
            (archive,) = making.glob("*.tgz")
            shutil.unpack_archive(archive, making)
            archive.unlink()
            making.rename(folder)
    return folder / "package"
