"""Installs a real Airflow for tests, in a separate environment."""

import os
import subprocess
from pathlib import Path

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.locked_environment import locked_environment
from tests.helpers.project import PROJECT

SETTINGS = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(HANG_GUARD_SECONDS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    "NO_COLOR": "1",
}


AIRFLOW_3, AIRFLOW_2 = "airflow", "airflow2"
"""Names of their locks; 2.11 needs Python 3.12 or older."""


def airflow_environment(version: str = AIRFLOW_3) -> Path:
    """Installs the real Airflow and returns its folder of programs.

    Raises:
        subprocess.CalledProcessError: the installation failed; its output has the cause.
    """
    return locked_environment(version)


def variables_of_airflow(home: Path, version: str = AIRFLOW_3, **settings: str) -> dict[str, str]:
    """Returns the environment of Airflow's processes.

    Args:
        home: AIRFLOW_HOME.
        version: the name of its lock.
        settings: further variables.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "PYTHON", "VIRTUAL_ENV"))}
    return {
        **inherited,
        **SETTINGS,
        "AIRFLOW_HOME": str(home),
        "PATH": f"{airflow_environment(version)}{os.pathsep}{os.environ['PATH']}",
        # An environment may have been installed from another checkout, whose code its `visage` would import.
        "PYTHONPATH": str(PROJECT),
        **settings,
    }


def airflow_run(
    home: Path, *arguments: str, version: str = AIRFLOW_3, dags: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `airflow ARGUMENTS` with AIRFLOW_HOME at `home`, where its SQLite lives.

    Makes the database first where there is none. Needs no network.

    Args:
        home: AIRFLOW_HOME.
        arguments: of `airflow`.
        version: the name of Airflow's lock.
        dags: the folder that it reads; None: `dags` in `home`.

    Returns: the ended process; stdout holds both streams.
    """
    variables = variables_of_airflow(home, version, AIRFLOW__CORE__DAGS_FOLDER=str(dags or home / "dags"))
    if not (home / "airflow.db").exists():
        _airflow(home, version, variables, "db", "migrate").check_returncode()
    return _airflow(home, version, variables, *arguments)


def _airflow(home: Path, version: str, variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [airflow_environment(version) / "airflow", *arguments],
        env=variables,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )
