"""Installs a real Airflow for tests, in a separate environment."""

import os
import subprocess
from pathlib import Path

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.locked_environment import locked_environment

SETTINGS = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(HANG_GUARD_SECONDS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    "NO_COLOR": "1",
}


def airflow_environment() -> Path:
    """Installs the real Airflow and returns its folder of programs.

    Raises:
        subprocess.CalledProcessError: the installation failed; its output has the cause.
    """
    return locked_environment("airflow")


def airflow_run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `airflow ARGUMENTS` with AIRFLOW_HOME at `home`, whose `dags` folder it reads and where its SQLite lives.

    Makes the database first where there is none. Needs no network.

    Returns: the ended process; stdout holds both streams.
    """
    if not (home / "airflow.db").exists():
        _airflow(home, "db", "migrate").check_returncode()
    return _airflow(home, *arguments)


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
