"""The npm packages of the peers, in a folder of their own below .cache/."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.commands import PROJECT
from visage.errors import VisageError

FOLDER = PROJECT / ".cache" / "peers" / "node"
_PACKAGES = Path(__file__).with_name("package.json")


def node_modules() -> Path:
    """Returns the folder of the packages; installs those that are missing.

    Raises:
        VisageError: Node.js is missing, or the packages cannot be downloaded.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise VisageError("the peers need Node.js, and node or npm is missing; install them (apt install nodejs npm)")
    wanted, stamp = _PACKAGES.read_text(), FOLDER / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        _install(wanted)
        stamp.write_text(wanted)
    return FOLDER / "node_modules"


def _install(packages: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text(packages)
    flags = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
    npm = subprocess.run(["npm", "install", *flags], cwd=FOLDER, capture_output=True, text=True)
    if npm.returncode:
        errors = [line.removeprefix("npm error ") for line in npm.stderr.splitlines() if line.startswith("npm error")]
        raise VisageError(f"npm cannot install the peers: {'; '.join(errors[:2]) or npm.stderr.strip()[:200]}")
