"""The Python packages of a peer, in an environment of its own below .cache/."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from benchmarks.commands import PROJECT
from visage.errors import VisageError

FOLDER = PROJECT / ".cache" / "peers"


def peer_python(name: str) -> Path:
    """Returns the interpreter of the environment with the lock `requirements/peer-NAME.txt`; makes it if necessary.

    Raises:
        VisageError: there is no Python 3.11 or newer, or the packages cannot be downloaded.
    """
    lock = PROJECT / "requirements" / f"peer-{name}.txt"
    state = hashlib.sha256(lock.read_bytes()).hexdigest()
    folder = FOLDER / name
    stamp = folder / "installed"
    python = folder / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != state:
        shutil.rmtree(folder, ignore_errors=True)
        uv = _run([PROJECT / "tools" / "uv.sh"], name).strip()
        _run([uv, "venv", "--quiet", "--no-project", "--python", ">=3.11", folder], name)
        _run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], name)
        stamp.write_text(state)
    return python


def site_packages(python: Path) -> Path:
    """Returns the folder of an environment's packages."""
    (folder,) = (python.parents[1] / "lib").glob("python3*/site-packages")
    return folder


def _run(command: list[str | Path], name: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip().splitlines() or ["no error message"]
        raise VisageError(f"the peer {name} cannot be installed: {why[-1][:200]}")
    return done.stdout
