"""The Airflow of other tests distinguishes successful and failed runs."""

from pathlib import Path

import pytest

from tests.pipeline.airflow_environment import airflow_run

DAG = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(dag_id="trial", schedule=None):
    write = BashOperator(task_id="write", bash_command="echo written > {out}")
    write >> BashOperator(task_id="end", bash_command="{end}")
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("end", "exit_code"), [("true", 0), ("exit 3", 1)])
def test_a_dag_runs_and_its_exit_code_shows_success(home: Path, end: str, exit_code: int) -> None:
    out = home / "out.txt"
    (home / "dags" / "trial.py").write_text(DAG.format(out=out, end=end))

    done = airflow_run(home, "dags", "test", "trial")

    assert done.returncode == exit_code, done.stdout
    assert out.read_text() == "written\n"
