"""The Kubeflow pipeline is what the kfp SDK loads, and its containers' command runs a node."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.visage import settings, visage
from tests.helpers.project import PROJECT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kubeflow")
    done = visage("compile", "kubeflow", *settings(folder / "workspace"), "--out", folder / "faces.yaml")
    assert done.returncode == 0, done.stderr
    return folder / "faces.yaml"


@pytest.fixture(scope="module")
def specification(compiled: Path) -> dict[str, Any]:
    return yaml.safe_load(compiled.read_text())


def test_the_kfp_sdk_loads_it(compiled: Path) -> None:
    from kfp import components

    pipeline = components.load_component_from_file(str(compiled))
    assert pipeline.pipeline_spec.pipeline_info.name == "sample-portraits"


def test_every_stage_is_a_container_that_waits_for_those_it_needs(specification: dict[str, Any]) -> None:
    tasks = {task["taskInfo"]["name"]: task for task in specification["root"]["dag"]["tasks"].values()}
    needed = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    assert needed == {"data": set(), "train": {"data"}, "judge": {"data", "train"}, "push": {"data", "train", "judge"}}
    for executor in specification["deploymentSpec"]["executors"].values():
        assert executor["container"]["image"] == "visage:latest"
        assert executor["container"]["command"][:2] == ["visage", "node"]


def test_a_containers_command_runs_its_node(specification: dict[str, Any], tmp_path: Path) -> None:
    inline = specification["root"]["inputDefinitions"]["parameters"]["compiled_pipeline"]["defaultValue"]
    container = specification["deploymentSpec"]["executors"]["exec-data"]["container"]
    values = {
        "{{$.inputs.parameters['compiled_pipeline']}}": inline,
        "{{$.inputs.parameters['run_id']}}": "a run of Kubeflow",
    }
    words = [values.get(word, word) for word in (*container["command"], *container["args"])]
    # The stage's shortest node stands for it.
    words[2:7] = ["CuratedSchema"]

    ended = subprocess.run(
        [str(Path(sys.executable).parent / words[0]), *words[1:]], cwd=PROJECT, capture_output=True, text=True
    )

    assert ended.returncode == 0, ended.stderr
    assert "CuratedSchema" in ended.stdout
