"""The manifests agree with the configuration files, with each other, and with what TensorFlow Serving answers."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.core.model_config import read_models_config, read_monitoring_config
from tests.helpers.project import PROJECT

pytestmark = pytest.mark.one_stack

FOLDER = PROJECT / "serving" / "tf_serving"
MODEL = read_models_config(FOLDER / "models.config")[0]
METRICS = read_monitoring_config(FOLDER / "monitoring.config").prometheus_config.path
# REST's limit for a request, --rest_api_timeout_in_ms.
LONGEST_REQUEST = 30
# A broken version at the start: five more attempts, one a minute.
LOAD_ATTEMPTS = 300
CONFIG = Path("/etc/tf_serving")
COMPONENTS = (
    ["volume"],
    ["bucket"],
    ["volume", "batching"],
    ["bucket", "batching", "gpu"],
)


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def flags(arguments: Sequence[str]) -> dict[str, str]:
    found = {}
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        found[name] = value
    return found


@pytest.fixture
def deployment() -> dict[str, Any]:
    return documents("kubernetes/deployment.yaml")[0]


@pytest.fixture
def container(deployment: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.fixture
def compose() -> dict[str, Any]:
    return dict(documents("compose.yaml")[0]["services"]["tf-serving"])


def test_the_flags_name_files_that_exist_and_the_ports_that_are_open(
    container: Mapping[str, Any], compose: Mapping[str, Any]
) -> None:
    for arguments in (container["args"], compose["command"]):
        given = flags(arguments)
        assert (given["port"], given["rest_api_port"]) == ("8500", "8501")
        for name in ("model_config_file", "monitoring_config_file"):
            file = Path(given[name])
            assert file.parent == CONFIG
            assert (FOLDER / file.name).is_file()
        # Without it the labels of models.config are refused at the first start.
        assert "allow_version_labels_for_unavailable_models" in given
        # A changed label reaches a running server.
        assert int(given["model_config_file_poll_wait_seconds"]) > 0
        assert "enable_batching" not in given
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {"grpc": 8500, "rest": 8501}
    assert compose["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]


def test_volumes_lie_where_the_configuration_looks(container: Mapping[str, Any], compose: Mapping[str, Any]) -> None:
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert MODEL.base_path.is_relative_to(mounts["models"]["mountPath"])
    assert mounts["config"]["mountPath"] == str(CONFIG)
    # A file that is mounted by subPath never changes.
    assert not any("subPath" in mount for mount in mounts.values())
    assert [volume.split(":")[-2:] for volume in compose["volumes"]] == [
        [str(MODEL.base_path), "ro"],
        [str(CONFIG), "ro"],
    ]


def test_probes_ask_what_tensorflow_serving_answers(container: Mapping[str, Any]) -> None:
    # 404 without a loaded version, while the route of the status is 200 for one that failed, too.
    path = f"/v1/models/{MODEL.name}/metadata"
    for name in ("startupProbe", "readinessProbe"):
        assert container[name]["httpGet"] == {"path": path, "port": "rest"}
    assert container["livenessProbe"]["grpc"] == {"port": 8500}
    assert "enable_grpc_healthcheck_service" in flags(container["args"])
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] > LOAD_ATTEMPTS


def test_the_health_check_of_compose_asks_the_same(compose: Mapping[str, Any]) -> None:
    script = compose["healthcheck"]["test"][-1]
    assert f"GET /v1/models/{MODEL.name}/metadata " in script
    assert "/dev/tcp/127.0.0.1/8501" in script


def test_a_pod_answers_until_its_last_request(deployment: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    *_, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert LONGEST_REQUEST < int(seconds) < deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]


def test_the_server_runs_without_rights(deployment: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    patch = documents("kubernetes/bucket/patch.yaml")[0]
    for one in (container, *patch["spec"]["template"]["spec"]["initContainers"]):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_threads_are_as_many_as_requested_cores(container: Mapping[str, Any]) -> None:
    given = flags(container["args"])
    cores = container["resources"]["requests"]["cpu"]
    assert (given["tensorflow_intra_op_parallelism"], given["tensorflow_inter_op_parallelism"]) == (cores, cores)


def test_memory_and_processors_are_quantities(container: Mapping[str, Any]) -> None:
    resources = container["resources"]
    for values in resources.values():
        assert re.fullmatch(r"[0-9]+(m|)", values.get("cpu", "1"))
        assert re.fullmatch(r"[0-9]+(Mi|Gi)", values["memory"])
    assert int(resources["requests"]["memory"][:-2]) <= int(resources["limits"]["memory"][:-2])


def test_metrics_are_announced_where_they_are(deployment: Mapping[str, Any]) -> None:
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == METRICS
    assert annotations["prometheus.io/port"] == "8501"


def test_every_selector_selects_the_pods(deployment: Mapping[str, Any]) -> None:
    # An empty selector of a disruption budget would stand for every pod of the namespace.
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels
    (budget,) = documents("kubernetes/disruption_budget.yaml")
    for service in documents("kubernetes/service.yaml"):
        assert service["spec"]["selector"] == labels
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= {"rest", "grpc"}
    for selector in (deployment["spec"]["selector"], budget["spec"]["selector"]):
        assert selector["matchLabels"] == labels


def test_the_autoscaler_can_scale_the_deployment(deployment: Mapping[str, Any]) -> None:
    (autoscaler,) = documents("kubernetes/autoscaler.yaml")
    spec = autoscaler["spec"]
    assert 1 < spec["minReplicas"] <= spec["maxReplicas"]
    assert spec["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    # Applying the manifest must not set the number that the autoscaler chose.
    assert "replicas" not in deployment["spec"]


def test_one_image_is_named_everywhere(container: Mapping[str, Any], compose: Mapping[str, Any]) -> None:
    image, _, tag = container["image"].partition(":")
    assert compose["image"] == container["image"]
    (gpu,) = documents("kubernetes/gpu/kustomization.yaml")
    assert gpu["images"] == [{"name": image, "newTag": f"{tag}-gpu"}]


def test_kserve_serves_the_same_model_with_the_same_server(compose: Mapping[str, Any]) -> None:
    (service,) = documents("kserve.yaml")
    predictor = service["spec"]["predictor"]
    assert service["metadata"]["name"] == MODEL.name
    assert predictor["model"]["modelFormat"]["name"] == "tensorflow"
    assert predictor["model"]["runtimeVersion"] == compose["image"].rpartition(":")[2]
    assert predictor["minReplicas"] <= predictor["maxReplicas"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("components", COMPONENTS, ids=" ".join)
def test_kustomize_builds_every_variant(components: list[str], tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "tf_serving")
    file = folder / "kustomization.yaml"
    kustomization = yaml.safe_load(file.read_text(encoding="utf-8"))
    kustomization["components"] = [f"kubernetes/{name}" for name in components]
    file.write_text(yaml.safe_dump(kustomization), encoding="utf-8")
    built = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout
    found = {one["kind"]: one for one in yaml.safe_load_all(built)}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in _containers(pod):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    given = flags(pod["containers"][0]["args"])
    assert ("enable_batching" in given) == ("batching" in components)
    assert pod["containers"][0]["image"].endswith("-gpu") == ("gpu" in components)
    assert ("PersistentVolumeClaim" in found) == ("volume" in components)
    if "batching" in components:
        assert (FOLDER / Path(given["batching_parameters_file"]).name).is_file()


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from pod["containers"]
    yield from pod.get("initContainers", [])
