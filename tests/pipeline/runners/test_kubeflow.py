"""The Kubeflow pipeline ends with the configured exports; `tests/end_to_end/test_kubeflow.py` has the nodes."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.compiled import read_configuration
from pipeline.config.loader import load_config
from pipeline.config.recorded import read_recorded
from pipeline.runners.kubeflow import write_pipeline
from tests.helpers.project import PROJECT


def compiled(folder: Path, *changes: str) -> dict[str, Any]:
    """Returns the specification of the default run, which kfp has loaded."""
    from kfp import components

    file = folder / "faces.yaml"
    write_pipeline(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}", *changes]), file)
    assert components.load_component_from_file(str(file)).pipeline_spec.pipeline_info.name == "sample-portraits"
    return yaml.safe_load(file.read_text())


def test_the_exports_run_however_the_nodes_end(tmp_path: Path) -> None:
    specification = compiled(tmp_path, "exports.ml_bom=true")
    tasks = specification["root"]["dag"]["tasks"]
    assert tasks.keys() == {"exit-handler-1", "exports"}
    assert tasks["exports"]["dependentTasks"] == ["exit-handler-1"]
    assert tasks["exports"]["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert len(specification["components"]["comp-exit-handler-1"]["dag"]["tasks"]) == 4


def test_their_container_has_the_command_and_the_whole_configuration(tmp_path: Path) -> None:
    specification = compiled(tmp_path, "exports.ml_bom=true")
    container = specification["deploymentSpec"]["executors"]["exec-exports"]["container"]
    assert container["command"] == ["visage", "runs", "export"]
    assert container["args"] == [
        "{{$.inputs.parameters['run_id']}}",
        "--pipeline",
        "{{$.inputs.parameters['compiled_pipeline']}}",
    ]
    inline = specification["root"]["inputDefinitions"]["parameters"]["compiled_pipeline"]["defaultValue"]
    assert read_recorded(read_configuration(inline), "pipeline", "compile").exports.ml_bom


def test_without_exports_there_is_no_such_task(tmp_path: Path) -> None:
    specification = compiled(tmp_path)
    assert len(specification["root"]["dag"]["tasks"]) == 4
    assert "exec-exports" not in specification["deploymentSpec"]["executors"]


def test_a_task_for_each_node_by_configuration(tmp_path: Path) -> None:
    specification = compiled(tmp_path, "kubeflow.tasks=nodes")
    tasks = {task["taskInfo"]["name"]: task for task in specification["root"]["dag"]["tasks"].values()}
    assert len(tasks) == 11
    assert set(tasks["Pusher"]["dependentTasks"]) == {"trainer", "evaluator", "infravalidator"}
