"""A real Airflow runs the compiled pipeline to a pushed model."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.visage import served_versions, settings, visage
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.pipeline.airflow_environment import SETTINGS, airflow_environment, airflow_run

pytestmark = pytest.mark.slow

PARSE = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print("PARSED", list(bag.dags))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Path:
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    changes = {
        "evaluator__age_mae_max": 100,
        "evaluator__gender_accuracy_min": 0,
        "airflow__retries": 0,
        "exports__openlineage__file": str(workspace / "lineage.ndjson"),
    }
    compiled = visage(
        "compile", "airflow", *settings(workspace, data__sample_portraits__count=150, trainer__epochs=1, **changes),
        "--out", folder / "dags" / "faces.py",
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
    return folder


def test_the_dag_file_imports_airflow_alone(home: Path) -> None:
    tree = ast.parse((home / "dags" / "faces.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {str(module).split(".")[0] for module in modules} == {"airflow", "pathlib"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]


def test_airflow_parses_it(home: Path) -> None:
    airflow_run(home, "version").check_returncode()
    python = airflow_environment() / "python"
    parsed = subprocess.run(
        [python, "-c", PARSE, home / "dags"],
        env={"AIRFLOW_HOME": str(home), **SETTINGS, "PATH": str(python.parent)},
        capture_output=True,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )
    assert "PARSED ['visage-sample-portraits']\n" in parsed.stdout, parsed.stderr


def test_airflow_runs_it_to_a_pushed_model(home: Path, workspace: Path) -> None:
    ended = airflow_run(home, "dags", "test", "visage-sample-portraits")

    assert ended.returncode == 0, ended.stdout[-5000:]
    assert len(served_versions(workspace)) == 1
    last_event = json.loads((workspace / "lineage.ndjson").read_text().splitlines()[-1])
    assert (last_event["job"]["name"], last_event["eventType"]) == ("sample-portraits", "COMPLETE")


def test_it_names_the_programs_of_this_environment(home: Path) -> None:
    assert f"VISAGE = '{Path(sys.executable).parent / 'visage'}'" in (home / "dags" / "faces.py").read_text()
