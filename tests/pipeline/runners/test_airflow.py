"""The DAG ends with the configured exports; `tests/end_to_end/test_airflow.py` runs it in a real Airflow."""

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

from pipeline.compiled import read_configuration
from pipeline.config.loader import load_config
from pipeline.config.recorded import read_recorded
from pipeline.runners.airflow import write_dag
from tests.helpers.project import PROJECT


def compiled(folder: Path, *changes: str) -> Path:
    """Returns the DAG of the default run."""
    write_dag(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}", *changes]), folder / "faces.py")
    return folder / "faces.py"


def test_the_exports_are_a_task_that_runs_however_the_nodes_end(tmp_path: Path) -> None:
    dag = compiled(tmp_path, "exports.ml_bom=true").read_text()
    compile(dag, "faces.py", "exec")
    assert """bash_command='"$VISAGE" runs export "$RUN_ID" --pipeline "$PIPELINE"'""" in dag
    assert "exports.as_teardown()" in dag


def test_without_exports_there_is_no_such_task(tmp_path: Path) -> None:
    assert "runs export" not in compiled(tmp_path).read_text()


def test_the_compiled_pipeline_holds_the_configuration_for_tasks_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(PROJECT / "pipeline_config.yaml", ["exports.openlineage.file=lineage.ndjson"])
    ir = write_dag(config, tmp_path / "faces.py")
    monkeypatch.chdir("/")
    recorded = read_recorded(read_configuration(str(ir)), "pipeline", "compile")
    assert recorded.root == tmp_path / "runs" / "sample-portraits"
    assert recorded.exports.openlineage.file == str(tmp_path / "lineage.ndjson")
    assert recorded.trainer == config.trainer


@pytest.mark.parametrize(("tasks", "count"), [("stages", 4), ("nodes", 11)])
def test_a_task_for_each_stage_or_for_each_node(tmp_path: Path, tasks: str, count: int) -> None:
    dag = compiled(tmp_path, f"airflow.tasks={tasks}").read_text()
    nodes, upstream = (
        next(ast.literal_eval(node.value) for node in ast.parse(dag).body if is_assignment(node, name))
        for name in ("NODES", "UPSTREAM")
    )
    assert len(nodes) == len(upstream) == count
    assert [node for names in nodes.values() for node in names][-2:] == ["Pusher", "ModelCard"]
    assert upstream["push" if tasks == "stages" else "Pusher"]


def is_assignment(node: ast.stmt, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
