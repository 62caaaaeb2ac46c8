"""A real Airflow with scheduler, DAG processor and API server on PostgreSQL, for tests."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.ports import free_ports
from tests.helpers.postgresql import running_postgresql
from tests.pipeline.airflow_environment import airflow_environment, variables_of_airflow

_PROGRAMS = ("api-server", "scheduler", "dag-processor")


@dataclass
class AirflowServer:
    """A running Airflow; `dags` is the folder that it reads.

    Attributes:
        home: AIRFLOW_HOME, which also has the logs.
        url: of the API server.
    """

    home: Path
    url: str
    _token: str = field(default="", repr=False)

    @property
    def dags(self) -> Path:
        return self.home / "dags"

    def call(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Calls the REST API (`/api/v2`) and returns its answer.

        Raises:
            urllib.error.HTTPError: it refuses.
        """
        request = urllib.request.Request(
            f"{self.url}/api/v2/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=HANG_GUARD_SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def log_in(self) -> bool:
        """Gets a token; returns whether the server is up."""
        try:
            with urllib.request.urlopen(f"{self.url}/auth/token", timeout=60) as answer:
                self._token = json.loads(answer.read())["access_token"]
        except (OSError, KeyError):
            return False
        return True

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Starts a run, by hand as in the trigger dialog, and returns its id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        return str(self.call(f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call(f"dags/{dag_id}/dagRuns/{run_id}")
        return found

    def wait(self, dag_id: str, run_id: str) -> str:
        """Returns the state of a run once it has ended: 'success' or 'failed'."""
        state = ""

        def ended() -> bool:
            nonlocal state
            state = self.run(dag_id, run_id)["state"]
            return state in ("success", "failed")

        wait_until(ended, f"the end of {run_id}", every=0.5)
        return state

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Returns the task instances by task."""
        found = self.call(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def log(self, dag_id: str, run_id: str, task: str, attempt: int = 1) -> str:
        """Returns the log of a try of a task."""
        return json.dumps(self.call(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/logs/{attempt}"))

    def xcom(self, dag_id: str, run_id: str, task: str, key: str) -> Any:
        """Returns what a task pushed under a key."""
        entry = self.call(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/xcomEntries/{key}?deserialize=true")
        return entry["value"]

    def wait_for_dag(self, dag_id: str) -> None:
        """Waits until a DAG has been parsed."""

        def is_there() -> bool:
            if errors := self.call("importErrors")["import_errors"]:
                raise AssertionError(errors)
            return any(dag["dag_id"] == dag_id for dag in self.call("dags")["dags"])

        wait_until(is_there, f"the DAG {dag_id}", every=0.5)

    def versions(self, dag_id: str) -> int:
        """Returns the number of versions of a DAG."""
        return len(self.call(f"dags/{dag_id}/dagVersions")["dag_versions"])

    def events(self) -> list[dict[str, Any]]:
        """Returns the events of all assets, the oldest first."""
        found: list[dict[str, Any]] = self.call("assets/events?order_by=timestamp")["asset_events"]
        return found


@contextmanager
def running_airflow(home: Path) -> Iterator[AirflowServer]:
    """Starts Airflow with LocalExecutor below `home`, whose folder `dags` exists; needs no network.

    Skips the test where PostgreSQL cannot be had.
    """
    programs = airflow_environment()
    with ExitStack() as stack:
        database = stack.enter_context(running_postgresql(home))
        (port,) = stack.enter_context(free_ports(1))
        server = AirflowServer(home, f"http://127.0.0.1:{port}")
        settings = _settings(server, database.url("postgresql+psycopg2"), port)
        environment = variables_of_airflow(home, **settings)

        def start(*words: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((home / f"{words[0]}.log").open("wb"))
            return subprocess.Popen(
                [programs / "airflow", *words],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        migrated = start("db", "migrate").wait(HANG_GUARD_SECONDS)
        assert migrated == 0, (home / "db.log").read_text()
        started = {}
        for name in _PROGRAMS:
            started[name] = start(name)
            stack.callback(_stop, started[name])

        def is_up() -> bool:
            for name, process in started.items():
                assert process.poll() is None, f"{name}: {(home / f'{name}.log').read_text()[-3000:]}"
            return server.log_in()

        wait_until(is_up, "Airflow's API server", every=0.2)
        yield server


def _settings(server: AirflowServer, database: str, port: int) -> dict[str, str]:
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": server.url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": "of this test",
        "AIRFLOW__API_AUTH__JWT_SECRET": "of this test, long enough for a signature by HS512, which takes 64 bytes",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{server.url}/execution/",
        # On a machine under load an answer takes longer than Airflow's 5 seconds.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": str(HANG_GUARD_SECONDS),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": str(HANG_GUARD_SECONDS),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        # A scheduler whose own heartbeat is late would take its tasks for orphans and start them again.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(HANG_GUARD_SECONDS),
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": str(HANG_GUARD_SECONDS),
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": str(HANG_GUARD_SECONDS),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HANG_GUARD_SECONDS),
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
