"""Installs other programs for tests, each in an environment of its own by its lock."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.helpers.project import PROJECT


def locked_environment(name: str) -> Path:
    """Installs `requirements/NAME.txt` into `.cache/NAME`, once for each lock and Python.

    Returns: its folder of programs (`bin`).

    Raises:
        subprocess.CalledProcessError: the installation failed; its output has the cause.
    """
    lock_file = PROJECT / "requirements" / f"{name}.txt"
    folder = PROJECT / ".cache" / name
    state = f"{sys.version} {hashlib.sha256(lock_file.read_bytes()).hexdigest()}"
    stamp = folder / "installed"
    folder.parent.mkdir(exist_ok=True)
    # Tests run in several processes.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == state):
            _install(lock_file, folder, state)
    return folder / "bin"


def _install(lock_file: Path, folder: Path, state: str) -> None:
    uv = subprocess.run([PROJECT / "tools" / "uv.sh"], check=True, capture_output=True, text=True).stdout.strip()
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    # Relocatable, for it is renamed when it is whole.
    subprocess.run(
        [uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", sys.executable, making], check=True
    )
    python = making / "bin" / "python"
    subprocess.run(
        [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, "--require-hashes", lock_file],
        check=True,
    )
    (making / "installed").write_text(state)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
