"""kfp.local really runs the compiled Kubeflow pipeline, container by container, from data to a pushed model.

Each task runs in a container of the project's image with the workspace mounted; where no Docker daemon can be started,
as a process of this machine. The rest (placeholders, ExecutorInput, ExecutorOutput, the order) is kfp.local's own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.visage import served_versions, settings, visage
from tests.helpers.containers import docker_daemon, visage_image
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.locked_environment import locked_environment
from tests.helpers.page_text import Page
from tests.helpers.project import PROJECT
from tests.pipeline.runners.kubeflow.api_server import kubeflow_api

pytestmark = [pytest.mark.slow, pytest.mark.services]

SMALL: dict[str, Any] = {
    "data__sample_portraits__count": 150,
    "trainer__epochs": 1,
    "evaluator__age_mae_max": 100,
    "evaluator__gender_accuracy_min": 0,
    # kfp.local waits between retries, too.
    "kubeflow__pod__retries": 0,
}


class KfpLocal:
    """Runs pipelines by kfp.local.

    Attributes:
        image: of the containers; None: processes of this machine.
    """

    def __init__(self, folder: Path, workspace: Path) -> None:
        self._python = locked_environment("kfp-local") / "python"
        self.root, self._workspace = folder / "outputs", workspace
        self.host, self.image = _docker()

    def run(self, file: Path, **arguments: str) -> dict[str, Any]:
        """Returns `outputs` of the pipeline or `error`, and `log`."""
        call: dict[str, Any] = {"file": str(file), "root": str(self.root), "arguments": arguments}
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        if self.image is None:
            call["visage"] = [sys.executable, "-m", "pipeline"]
        else:
            environment["DOCKER_HOST"] = str(self.host)
            # As the launcher of Kubeflow calls the container's command, without the image's entry point.
            call["docker"] = {
                "mounts": [str(self._workspace)],
                "network_mode": "none",
                "entrypoint": "",
                "user": f"{os.getuid()}:{os.getgid()}",
            }
        ended = subprocess.run(
            [self._python, PROJECT / "tests" / "helpers" / "kfp_local_run.py"],
            input=json.dumps(call),
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=HANG_GUARD_SECONDS,
        )
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
        *log, last = ended.stdout.splitlines()
        return {**json.loads(last), "log": "\n".join(log)}

    def outputs_of(self, task: str) -> Path:
        """Returns the folder of a task's outputs in the last run."""
        return max(self.root.iterdir(), key=lambda folder: folder.stat().st_mtime) / task


def _docker() -> tuple[str | None, str | None]:
    try:
        return docker_daemon(), visage_image()
    except pytest.skip.Exception as reason:
        print(f"without containers: {reason}")
        return None, None


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def kfp_local(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> KfpLocal:
    return KfpLocal(tmp_path_factory.mktemp("kfp"), workspace)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, workspace: Path, kfp_local: KfpLocal) -> Path:
    path = tmp_path_factory.mktemp("compiled") / "faces.yaml"
    image = kfp_local.image or "visage:latest"
    done = visage(
        "compile", "kubeflow", *settings(workspace, **SMALL, kubeflow__image=image), "--out", path
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def pushed(kfp_local: KfpLocal, file: Path) -> dict[str, Any]:
    done = kfp_local.run(file)
    assert "error" not in done, done["log"][-5000:]
    return done


def test_a_task_that_fails_is_not_taken_for_a_success(kfp_local: KfpLocal, file: Path, tmp_path: Path) -> None:
    """The control: kfp.local's own runner takes a container that is gone for a success."""
    specification, platform = yaml.safe_load_all(file.read_text())
    executors = specification["deploymentSpec"]["executors"]
    executors["exec-data"]["container"]["command"] = ["visage", "no-such-command"]
    executors["exec-data"]["container"]["args"] = []
    failing = tmp_path / "failing.yaml"
    failing.write_text(yaml.safe_dump_all([specification, platform]))
    assert "data" in kfp_local.run(failing)["error"]


def test_it_runs_to_a_pushed_model(pushed: dict[str, Any], workspace: Path) -> None:
    (version,) = served_versions(workspace)
    assert pushed["outputs"]["pushed_version"] == version


def test_kubeflows_pages_get_metrics_gate_and_card(pushed: dict[str, Any], kfp_local: KfpLocal) -> None:
    judge, push = kfp_local.outputs_of("judge"), kfp_local.outputs_of("push")
    message = json.loads((judge / "executor_output.json").read_text())
    (metrics,) = message["artifacts"]["metrics"]["artifacts"]
    assert metrics["metadata"]["age_mae"] > 0
    gate, card = (Page((folder / name).read_text()) for folder, name in ((judge, "gate"), (push, "card")))
    assert "all limits are met" in " ".join(gate.text)
    assert gate.loaded == card.loaded == []
    assert (push / "withheld").read_text() == ""


def test_the_tasks_log_shows_the_gate(pushed: dict[str, Any]) -> None:
    assert "age_mae_max" in pushed["log"]
    assert "the model is pushed" in pushed["log"]


def test_a_withheld_model_fails_the_run_and_its_pages_are_there(
    pushed: dict[str, Any], kfp_local: KfpLocal, file: Path, workspace: Path
) -> None:
    done = kfp_local.run(file, evaluator_age_mae_max="0.001")
    assert "verdict" in done["error"]
    assert "no model was pushed: not blessed" in done["log"]
    assert "limits failed" in " ".join(Page((kfp_local.outputs_of("judge") / "gate").read_text()).text)
    push = kfp_local.outputs_of("push")
    assert ((push / "pushed_version").read_text(), (push / "withheld").read_text()) == ("", "not blessed")
    assert (push / "card").is_file()
    assert len(served_versions(workspace)) == 1


def test_submit_uploads_runs_and_schedules_what_compile_writes(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VISAGE_KUBEFLOW_TOKEN", "secret-1")
    with kubeflow_api() as api:
        api.token = "secret-1"
        done = visage(
            "submit", "kubeflow",
            *settings(workspace, **SMALL, kubeflow__service_account="trainer", retraining__when=["new_data"]),
            "--host", api.url, "--run", "--recurring", "@weekly", "--param", "evaluator.age_mae_max=6", "--json",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    (run,), (recurring,) = api.runs.values(), api.recurring_runs.values()
    # A recurring run asks whether it is due, and one that a person starts does not.
    for made, train in ((run, {"train": "always"}), (recurring, {})):
        assert made["runtime_config"]["parameters"] == {"evaluator_age_mae_max": "6", **train}
        assert made["service_account"] == "trainer"
    assert recurring["trigger"]["cron_schedule"]["cron"] == "0 0 0 * * 0"
    (version,) = api.versions.values()
    digest = version["description"].removeprefix("Compiled pipeline ")
    assert result["version"] == version["display_name"]
    assert result["version"].startswith(f"{digest}-")
    assert "secret-1" not in done.stdout + done.stderr
