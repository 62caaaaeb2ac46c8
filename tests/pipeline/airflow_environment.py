"""Installs a real Airflow for tests, in a separate environment."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

LOCK = PROJECT / "requirements" / "airflow.txt"
SETTINGS = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(HANG_GUARD_SECONDS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    "NO_COLOR": "1",
}


def airflow_environment() -> Path:
    """Installs `requirements/airflow.txt` into `.cache/airflow`, once for each lock and Python.

    Returns: its folder of programs (`bin`).

    Raises:
        subprocess.CalledProcessError: the installation failed; its output has the cause.
    """
    folder = PROJECT / ".cache" / "airflow"
    state = f"{sys.version} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    stamp = folder / "installed"
    folder.parent.mkdir(exist_ok=True)
    # Tests run in several processes.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == state):
            _install(folder, state)
    return folder / "bin"


def airflow_run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `airflow ARGUMENTS` with AIRFLOW_HOME at `home`, whose `dags` folder it reads and where its SQLite lives.

    Makes the database first where there is none. Needs no network.

    Returns: the ended process; stdout holds both streams.
    """
    if not (home / "airflow.db").exists():
        _airflow(home, "db", "migrate").check_returncode()
    return _airflow(home, *arguments)


def _install(folder: Path, state: str) -> None:
    uv = subprocess.run([PROJECT / "tools" / "uv.sh"], check=True, capture_output=True, text=True).stdout.strip()
    making = folder.with_name("airflow.making")
    shutil.rmtree(making, ignore_errors=True)
    # Relocatable, for it is renamed when it is whole.
    subprocess.run(
        [uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", sys.executable, making], check=True
    )
    python = making / "bin" / "python"
    subprocess.run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", LOCK], check=True)
    (making / "installed").write_text(state)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)


def _airflow(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    programs = airflow_environment()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "PYTHON", "VIRTUAL_ENV"))}
    environment = {
        **inherited,
        **SETTINGS,
        "AIRFLOW_HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        [programs / "airflow", *arguments],
        env=environment,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )
