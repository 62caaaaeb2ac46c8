"""A real Airflow 3 with scheduler and PostgreSQL runs the pipeline: first, from the cache, withheld, on new data.

The tests are one story in this order, in one workspace. Afterwards Airflow 2.11 runs the same DAG file.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.visage import served_versions, visage
from tests.helpers.limits import wait_until
from tests.pipeline.airflow_environment import AIRFLOW_2, airflow_run
from tests.pipeline.airflow_server import AirflowServer, running_airflow
from tfds_builders.sample_portraits.draw import draw_sample_portraits

pytestmark = [pytest.mark.slow, pytest.mark.services]

DAG = "visage-sample-portraits"
ALERTS = """
from pathlib import Path

def note(name, text):
    with Path({folder!r}, name).open("a") as file:
        file.write(text + "\\n")

def run_failed(context):
    note("run_failed", context["dag_run"].run_id)

def task_failed(context):
    note("task_failed", f"{{context['ti'].task_id}}: {{context['exception']}}")

def late(**context):
    note("late", "late")
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "archives"
    draw_sample_portraits(folder, count=150, seed=1, sources=["utkface"])
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, workspace: Path, data: Path) -> Path:
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    (folder / "notes").mkdir()
    (folder / "dags" / "alerts.py").write_text(ALERTS.format(folder=str(folder / "notes")))
    values = {
        "workspace": str(workspace),
        "data.dir": str(data),
        "data.sources": ["utkface"],
        "trainer.epochs": 1,
        "evaluator.age_mae_max": 100,
        "evaluator.gender_accuracy_min": 0,
        "evaluator.age_mae_increase_max": None,
        "evaluator.gender_accuracy_decrease_max": None,
        "exports.openlineage.file": str(workspace / "lineage.ndjson"),
        "airflow.retry_minutes": 0.02,
        "airflow.params": ["evaluator.age_mae_max"],
        "airflow.on_run_failure": ["alerts.run_failed"],
        "airflow.on_task_failure": ["alerts.task_failed"],
        "airflow.deadline": {"minutes": 0.05, "callback": "alerts.late"},
    }
    changes = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    compiled = visage("compile", "airflow", *changes, "--out", folder / "dags" / "faces.py")
    assert compiled.returncode == 0, compiled.stderr
    return folder


@pytest.fixture(scope="module")
def airflow(home: Path) -> Iterator[AirflowServer]:
    with running_airflow(home) as server:
        server.wait_for_dag(DAG)
        yield server


def states(airflow: AirflowServer, run_id: str) -> dict[str, str]:
    return {name: task["state"] for name, task in airflow.tasks(DAG, run_id).items()}


def nodes_of(airflow: AirflowServer, run_id: str) -> dict[str, str]:
    """Returns how each node of a run ended, by the reports of its tasks."""
    reports = [airflow.xcom(DAG, run_id, task, "report") for task in ("data", "train", "judge", "push")]
    return {node["node"]: node["state"] for report in reports for node in report["nodes"]}


def notes(home: Path, name: str) -> list[str]:
    file = home / "notes" / name
    return file.read_text().splitlines() if file.exists() else []


def process_of(run_id: str, node: str) -> int | None:
    """Returns the process id of `visage node … NODE …` of a run."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "node" in words and node in words and run_id in words and "python" in Path(words[0]).name:
            return int(folder.name)
    return None


def test_the_first_run_pushes_a_model_though_its_training_was_killed(
    airflow: AirflowServer, home: Path, workspace: Path
) -> None:
    run_id = airflow.trigger(DAG)
    logs = workspace / "sample-portraits" / "logs"
    wait_until(lambda: list(logs.glob("*.Trainer.log")), "the start of Trainer", every=0.2)
    killed = process_of(run_id, "Trainer")
    assert killed
    os.kill(killed, signal.SIGKILL)

    assert airflow.wait(DAG, run_id) == "success", airflow.log(DAG, run_id, "train", 2)
    tasks = airflow.tasks(DAG, run_id)
    assert {name: (task["state"], task["try_number"]) for name, task in tasks.items()} == {
        "data": ("success", 1),
        "train": ("success", 2),
        "judge": ("success", 1),
        "push": ("success", 1),
        "Exports": ("success", 1),
    }
    (version,) = served_versions(workspace)
    (event,) = airflow.events()
    assert event["uri"] == (workspace / "sample-portraits" / "serving" / "visage").as_uri()
    assert event["source_run_id"] == run_id
    assert event["extra"]["version"] == version
    assert event["extra"]["metrics"]["age_mae"] > 0
    assert Path(event["extra"]["card"]).is_file()
    last_event = json.loads((workspace / "lineage.ndjson").read_text().splitlines()[-1])
    assert (last_event["job"]["name"], last_event["eventType"]) == ("sample-portraits", "COMPLETE")
    assert notes(home, "task_failed") == notes(home, "run_failed") == []


def test_a_run_from_the_cache_updates_no_asset(airflow: AirflowServer, workspace: Path) -> None:
    run_id = airflow.trigger(DAG)

    assert airflow.wait(DAG, run_id) == "success"
    assert states(airflow, run_id) == {
        **dict.fromkeys(("data", "train", "judge", "Exports"), "success"),
        "push": "skipped",
    }
    # TFX never takes a resolver from the cache, and Pusher looks whether the version is still there.
    ran = {node for node, state in nodes_of(airflow, run_id).items() if state != "cached"}
    assert ran <= {"ValidatedStatisticsResolver", "BlessedModelResolver", "Pusher"}
    assert len(airflow.events()) == len(served_versions(workspace)) == 1


def test_another_compiled_pipeline_is_a_new_version_of_the_dag(airflow: AirflowServer, home: Path) -> None:
    """`tests/pipeline/cli/commands/test_node.py` has the run that keeps the one with which it began."""
    dags = home / "dags"
    (compiled,) = dags.glob("*.ir.json")
    shutil.copy(compiled, dags / "faces-again.ir.json")
    (dags / "faces.making").write_text((dags / "faces.py").read_text().replace(compiled.name, "faces-again.ir.json"))

    (dags / "faces.making").rename(dags / "faces.py")

    wait_until(lambda: airflow.versions(DAG) == 2, "the new version of the DAG", every=0.5)


def test_a_withheld_model_fails_the_run_without_a_retry(airflow: AirflowServer, home: Path, workspace: Path) -> None:
    run_id = airflow.trigger(DAG, {"evaluator.age_mae_max": 0.001})

    assert airflow.wait(DAG, run_id) == "failed"
    push = airflow.tasks(DAG, run_id)["push"]
    assert (push["state"], push["try_number"], push["max_tries"]) == ("failed", 1, 1)
    assert states(airflow, run_id)["judge"] == "success"
    assert len(airflow.events()) == len(served_versions(workspace)) == 1
    log = airflow.log(DAG, run_id, "push")
    assert "no model is pushed: not blessed" in log
    (note,) = notes(home, "task_failed")
    assert note.startswith("push: no model is pushed: not blessed: ")
    wait_until(lambda: notes(home, "run_failed") == [run_id], "the call-back of the run", every=0.5)


def test_new_data_is_a_new_version_and_a_new_event(
    airflow: AirflowServer, home: Path, workspace: Path, data: Path
) -> None:
    shutil.rmtree(data)
    draw_sample_portraits(data, count=180, seed=2, sources=["utkface"])

    run_id = airflow.trigger(DAG)

    assert airflow.wait(DAG, run_id) == "success"
    assert nodes_of(airflow, run_id)["FaceExampleGen"] == "ran"
    assert set(states(airflow, run_id).values()) == {"success"}
    versions = [event["extra"]["version"] for event in airflow.events()]
    assert versions == served_versions(workspace)
    assert len(versions) == 2
    assert notes(home, "late"), "the deadline of the runs"


def test_airflow_2_runs_the_same_file(airflow: AirflowServer, home: Path, workspace: Path, tmp_path: Path) -> None:
    if sys.version_info >= (3, 13):
        pytest.skip("Airflow 2.11 needs Python 3.12 or older")
    ended = airflow_run(tmp_path, "dags", "test", DAG, version=AIRFLOW_2, dags=home / "dags")

    assert ended.returncode == 0, ended.stdout[-5000:]
    assert "no new version: the newest one is this model already" in ended.stdout
    assert len(served_versions(workspace)) == 2
