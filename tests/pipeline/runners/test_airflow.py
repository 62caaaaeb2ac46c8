"""`visage compile airflow` writes the DAG and its compiled pipeline; `test_airflow_dag.py` has the text of the DAG."""

from pathlib import Path

import pytest

from pipeline.compiled import read_configuration
from pipeline.config.loader import load_config
from pipeline.config.recorded import read_recorded
from pipeline.runners.airflow import write_dag
from tests.helpers.project import PROJECT
from tests.pipeline.runners.test_airflow_dag import constant
from visage.errors import VisageError


def compiled(folder: Path, *changes: str) -> Path:
    """Returns the DAG of the default run."""
    write_dag(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}", *changes]), folder / "faces.py")
    return folder / "faces.py"


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
    dag = compiled(tmp_path, f"airflow.tasks={tasks}", "exports.ml_bom=true").read_text()
    nodes, upstream = constant(dag, "TASKS"), constant(dag, "UPSTREAM")
    assert len(nodes) == len(upstream) == count
    assert [node for names in nodes.values() for node in names][-2:] == ["Pusher", "ModelCard"]
    assert upstream["push" if tasks == "stages" else "Pusher"]
    assert "exports.as_teardown()" in dag


def test_the_dag_names_the_compiled_pipeline_and_both_are_the_same_again(tmp_path: Path) -> None:
    texts = [compiled(tmp_path).read_text() for _ in range(2)]
    (ir,) = tmp_path.glob("*.ir.json")
    assert f'PIPELINE = Path(__file__).with_name("{ir.name}")' in texts[0]
    assert texts[0] == texts[1]


def test_pods_that_share_no_workspace_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="no volume holds workspace"):
        compiled(tmp_path, "airflow.operator=kubernetes", "airflow.kubernetes.image=visage:1")
    assert not list(tmp_path.iterdir())
