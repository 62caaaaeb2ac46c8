"""The compiled Kubeflow pipeline: strictly valid, its tasks, and what Kubernetes gives their pods."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.compiled import digest_of_compiled, read_compiled, read_configuration
from pipeline.config.loader import load_config
from pipeline.config.recorded import read_recorded
from pipeline.node_params import allowed_params
from pipeline.runners.kubeflow.compile import write_pipeline
from pipeline.runners.kubeflow.platform import mounts_of
from tests.helpers.locked_environment import locked_environment
from tests.helpers.project import PROJECT
from visage.errors import VisageError

EVERYTHING = (
    "kubeflow.image_pull_policy=IfNotPresent",
    "kubeflow.image_pull_secrets=[registry]",
    "kubeflow.environment={TZ: Europe/Berlin}",
    "kubeflow.secrets={VISAGE_METADATA_URL: {secret: metadata, key: url}}",
    "kubeflow.secret_files={/secrets/signing: signing}",
    "kubeflow.pod={cpu_request: 500m, cpu_limit: '2', memory_request: 2Gi, memory_limit: 8Gi, retries: 2, "
    "timeout_seconds: 7200, node_selector: {kubernetes.io/arch: amd64}}",
    "kubeflow.stages={train: {gpus: 1, tolerations: [{key: gpu, operator: Exists, effect: NoExecute, seconds: 60}]}}",
    "exports.ml_bom=true",
)
STRICT = Path(__file__).with_name("strict_check.py")


class Compiled:
    """A compiled pipeline: `spec` and `platform` are its two documents."""

    def __init__(self, folder: Path, *changes: str) -> None:
        self.file = folder / "faces.yaml"
        config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder / 'work'}", *changes])
        self.digest = write_pipeline(config, self.file)
        self.spec, self.platform = yaml.safe_load_all(self.file.read_text())

    @property
    def tasks(self) -> dict[str, Any]:
        dag = self.spec["components"].get("comp-exit-handler-1", self.spec["root"])["dag"]
        return {task["taskInfo"]["name"]: task for task in dag["tasks"].values()}

    def container(self, name: str) -> dict[str, Any]:
        return self.spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"]

    def pod(self, name: str) -> dict[str, Any]:
        return self.platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"][f"exec-{name}"]

    def inline(self, name: str) -> str:
        words = self.container(name)["args"]
        return words[words.index("--pipeline") + 1]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("full"), *EVERYTHING)


def test_each_stage_waits_for_those_that_it_needs(plain: Compiled) -> None:
    needed = {name: set(task.get("dependentTasks", ())) for name, task in plain.tasks.items()}
    assert needed == {
        "data": set(),
        "train": {"data"},
        "judge": {"data", "train"},
        "push": {"data", "train", "judge"},
        "Verdict": {"push"},
    }


def test_a_container_runs_the_nodes_of_its_stage_with_run_and_parameters(plain: Compiled) -> None:
    container = plain.container("push")
    assert container["image"] == "visage:latest"
    assert container["command"] == ["visage", "kubeflow-task", "Pusher", "ModelCard"]
    words = container["args"]
    assert words[:2] == ["--run-id", "{{$.inputs.parameters['run_id']}}"]
    assert words[-2:] == ["--executor-input", "{{$}}"]
    assert "evaluator.age_mae_max={{$.inputs.parameters['evaluator_age_mae_max']}}" in words
    assert plain.tasks["push"]["inputs"]["parameters"]["run_id"] == {
        "runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}
    }


def test_the_digest_is_that_of_the_compiled_pipeline_inside(plain: Compiled) -> None:
    assert digest_of_compiled(read_compiled(plain.inline("data"))) == plain.digest
    assert plain.spec["pipelineInfo"]["description"].endswith(f"Compiled pipeline {plain.digest}.")
    assert plain.pod("train")["podMetadata"]["labels"]["visage.pipeline-digest"] == plain.digest
    assert len({plain.inline(name) for name in ("data", "train", "judge", "push")}) == 1


def test_the_inputs_are_the_safe_parameters_and_empty_unless_set(plain: Compiled) -> None:
    inputs = plain.spec["root"]["inputDefinitions"]["parameters"]
    assert inputs.keys() == {key.replace(".", "_") for key in allowed_params()}
    assert all(one == {"defaultValue": "", "isOptional": True, "parameterType": "STRING"} for one in inputs.values())


def test_judge_and_push_have_outputs_for_kubeflows_pages(plain: Compiled) -> None:
    def outputs(name: str) -> dict[str, str]:
        found = plain.spec["components"][f"comp-{name}"].get("outputDefinitions", {})
        artifacts = {key: one["artifactType"]["schemaTitle"] for key, one in found.get("artifacts", {}).items()}
        return artifacts | {key: one["parameterType"] for key, one in found.get("parameters", {}).items()}

    assert outputs("judge") == {"metrics": "system.Metrics", "gate": "system.HTML"}
    assert outputs("push") == {"card": "system.HTML", "pushed_version": "STRING", "withheld": "STRING"}
    assert outputs("data") == outputs("train") == {}
    assert "pushed_version" in plain.spec["root"]["outputDefinitions"]["parameters"]


def test_every_pod_mounts_the_workspace_and_the_verdict_nothing(plain: Compiled, full: Compiled) -> None:
    for compiled in (plain, full):
        mount = {"constant": "visage-workspace", "mountPath": str(compiled.file.parent / "work")}
        assert all(compiled.pod(name)["pvcMount"] == [mount] for name in ("data", "train", "judge", "push"))
        assert not compiled.pod("verdict").keys() & {"pvcMount", "secretAsEnv", "secretAsVolume"}
        assert "env" not in compiled.container("verdict")


def test_pods_get_environment_secrets_and_the_registrys_password(full: Compiled) -> None:
    for name in ("data", "push", "exports"):
        assert full.container(name)["env"] == [{"name": "TZ", "value": "Europe/Berlin"}]
        pod = full.pod(name)
        (secret,) = pod["secretAsEnv"]
        assert (secret["secretName"], secret["keyToEnv"]) == (
            "metadata",
            [{"secretKey": "url", "envVar": "VISAGE_METADATA_URL"}],
        )
        assert pod["secretAsVolume"] == [{"secretName": "signing", "mountPath": "/secrets/signing"}]
        assert pod["imagePullPolicy"] == "IfNotPresent"
        assert pod["imagePullSecret"] == [{"secretName": "registry"}]
        assert pod["nodeSelector"] == {"labels": {"kubernetes.io/arch": "amd64"}}
        assert pod["activeDeadlineSeconds"] == "7200"


def test_the_trainer_alone_gets_the_gpu(full: Compiled) -> None:
    resources = {name: full.container(name)["resources"] for name in ("data", "train")}
    # kfp 2.5 and 2.16 name them differently.
    accelerator = resources["train"]["accelerator"]
    assert {"nvidia.com/gpu", "1"} <= set(accelerator.values())
    assert "accelerator" not in resources["data"]
    assert {"cpuLimit", "resourceCpuLimit"} & resources["data"].keys()
    assert full.pod("train")["tolerations"] == [
        {"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "60"}
    ]
    assert "tolerations" not in full.pod("data")


def test_tasks_are_retried_with_a_growing_delay_but_not_the_verdict(full: Compiled) -> None:
    policy = full.tasks["push"]["retryPolicy"]
    assert (policy["maxRetryCount"], policy["backoffDuration"], policy["backoffFactor"]) == (2, "30s", 2.0)
    # A week, not the hour of kfp: Argo counts it from the start of the first try.
    assert policy["backoffMaxDuration"] == "604800s"
    assert "retryPolicy" not in full.tasks["Verdict"]
    assert all(task.get("cachingOptions", {}) == {} for task in full.tasks.values())


def test_the_exports_run_however_the_nodes_end(full: Compiled) -> None:
    tasks = full.spec["root"]["dag"]["tasks"]
    assert tasks.keys() == {"exit-handler-1", "exports"}
    assert tasks["exports"]["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert full.container("exports")["command"] == ["visage", "runs", "export"]
    assert read_recorded(read_configuration(full.inline("exports")), "pipeline", "compile").exports.ml_bom


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("asking"), *EVERYTHING, "retraining.when=[new_data]")


def test_the_nodes_run_only_if_the_first_task_finds_a_reason(asking: Compiled) -> None:
    (due, condition) = (asking.tasks[name] for name in ("Due", "is due"))
    assert asking.tasks.keys() == {"Due", "is due"}
    assert condition["dependentTasks"] == ["due"]
    assert condition["triggerPolicy"]["condition"].endswith("['pipelinechannel--due-due'] == 'true'")
    inside = asking.spec["components"][condition["componentRef"]["name"]]["dag"]["tasks"]
    assert inside.keys() == {"data", "train", "judge", "push", "verdict"}
    words = asking.container("due")
    assert words["command"] == ["visage", "kubeflow-due"]
    assert words["args"][:2] == ["--train", "{{$.inputs.parameters['train']}}"]
    assert due["inputs"]["parameters"].keys() == {"train"}
    assert asking.container("due")["env"] == [{"name": "TZ", "value": "Europe/Berlin"}]
    assert asking.pod("due")["pvcMount"] == asking.pod("data")["pvcMount"]


def test_a_run_asks_unless_its_input_says_otherwise_and_exports_nothing_if_it_is_not_due(asking: Compiled) -> None:
    train = asking.spec["root"]["inputDefinitions"]["parameters"]["train"]
    assert (train["defaultValue"], train["parameterType"]) == ("if_due", "STRING")
    assert asking.container("exports")["args"][-1] == "--missing-ok"
    # The version's number is none: Kubeflow takes no parameter from inside a condition.
    assert "parameters" not in asking.spec["root"].get("outputDefinitions", {})


def test_statistics_that_no_pod_mounts_are_refused(tmp_path: Path) -> None:
    drift = "retraining.when=[drift]"
    with pytest.raises(VisageError, match=r"retraining\.statistics: no claim of kubeflow holds /statistics"):
        Compiled(tmp_path, drift, "retraining.statistics=/statistics")
    Compiled(tmp_path, drift, f"retraining.statistics={tmp_path / 'work' / 'statistics'}")


def test_no_secret_stands_in_the_file(full: Compiled) -> None:
    """Names of secrets do; their values are not known here."""
    assert "secretAsEnv" in full.file.read_text()
    assert "VISAGE_METADATA_URL" not in str(full.spec["deploymentSpec"])


def test_a_task_for_each_node_by_configuration(tmp_path: Path) -> None:
    compiled = Compiled(tmp_path, "kubeflow.tasks=nodes", "kubeflow.stages={judge: {memory_limit: 8Gi}}")
    assert len(compiled.tasks) == 12
    assert set(compiled.tasks["Pusher"]["dependentTasks"]) == {"trainer", "evaluator", "infravalidator"}
    assert compiled.tasks["Verdict"]["dependentTasks"] == ["pusher"]
    assert "resources" in compiled.container("evaluator")
    assert "resources" not in compiled.container("trainer")
    assert compiled.spec["components"]["comp-modelcard"]["outputDefinitions"]["artifacts"].keys() == {"card"}


def test_the_archives_have_a_claim_of_their_own(tmp_path: Path) -> None:
    def mounts(*changes: str) -> dict[str, str]:
        overrides = [f"workspace={tmp_path / 'work'}", "kubeflow.data_claim=archives", *changes]
        return mounts_of(load_config(PROJECT / "pipeline_config.yaml", overrides))

    archives = tmp_path / "archives"
    assert mounts(f"data.dir={archives}") == {str(tmp_path / "work"): "visage-workspace", str(archives): "archives"}
    assert mounts(f"data.dir={archives}", "kubeflow.workspace_claim=null") == {str(archives): "archives"}
    with pytest.raises(VisageError, match=r"kubeflow\.data_claim: is mounted at data\.dir, which is not set"):
        mounts()
    with pytest.raises(VisageError, match=r"kubeflow\.data_claim: data\.dir is the workspace"):
        mounts(f"data.dir={tmp_path / 'work'}")
    with pytest.raises(VisageError, match=r"kubeflow\.secret_files: a claim is mounted at .*archives, too"):
        mounts(f"data.dir={archives}", f"kubeflow.secret_files={{{archives}: db}}")
    with pytest.raises(VisageError, match=r"^data\.dir: a claim of kubeflow is mounted there, so it must be"):
        mounts(f"data.dir={tmp_path / 'a:b'}")


def test_a_pipeline_that_fits_no_argument_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.runners.kubeflow.compile._LONGEST_ARGUMENT", 5_000)
    with pytest.raises(VisageError, match=r"kubeflow: the compiled pipeline has [\d,]+ characters, but Linux allows"):
        Compiled(tmp_path)
    assert not (tmp_path / "faces.yaml").exists()


def test_a_folder_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"faces\.yaml: cannot be written: No such file or directory"):
        Compiled(tmp_path / "none")


def test_the_labels_of_pods_are_valid_for_each_name_of_a_pipeline(tmp_path: Path) -> None:
    labels = Compiled(tmp_path, "name=faces-").pod("data")["podMetadata"]["labels"]
    assert labels["visage.pipeline"] == "faces"


@pytest.mark.slow
def test_the_newest_messages_parse_it_strictly(
    plain: Compiled, full: Compiled, asking: Compiled, tmp_path: Path
) -> None:
    python = locked_environment("kfp-local") / "python"

    def check(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, STRICT, file], capture_output=True, text=True)

    for compiled in (plain, full, asking):
        checked = check(compiled.file)
        assert checked.stdout == "sample-portraits\n", checked.stderr
    misspelt = tmp_path / "misspelt.yaml"
    misspelt.write_text(plain.file.read_text().replace("mountPath:", "mountpath:"))
    assert "mountpath" in check(misspelt).stderr
