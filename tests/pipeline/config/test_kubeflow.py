"""The section `kubeflow`: what a stage inherits, and each mistake in one line."""

from pathlib import Path

import pytest

from pipeline.config.kubeflow import KubeflowSettings
from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT, refusal


def settings(*overrides: str) -> KubeflowSettings:
    return load_config(Path(DEFAULT), [f"kubeflow.{override}" for override in overrides]).kubeflow


def test_a_stage_inherits_what_it_does_not_set() -> None:
    found = settings("pod.memory_limit=8Gi", "pod.retries=3", "stages.train={gpus: 1, retries: 0}")
    train, data = found.pod_of("Trainer"), found.pod_of("FaceExampleGen")
    assert (train.gpus, train.retries, train.memory_limit) == (1, 0, "8Gi")
    assert (data.gpus, data.retries, data.memory_limit) == (0, 3, "8Gi")
    assert found.pod_of("Tuner") == train


def test_written_settings_read_back_as_they_were() -> None:
    found = settings("pod.retries=3", "stages.train={gpus: 1, memory_limit: 24Gi}")
    assert KubeflowSettings.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("stages={fit: {gpus: 1}}", "stages: 'fit' is no stage; choose from data, train, judge, push"),
        ("stages={train: {gpu: 1}}", "stages.train.gpu: unknown key; did you mean gpus?"),
        (
            "pod.memory_limit=64Mo",
            "pod.memory_limit: must be a quantity of Kubernetes such as 8Gi",
        ),
        ("pod.cpu_limit=2 cores", "pod.cpu_limit: must be a quantity of Kubernetes"),
        ("pod.cpu_limit='0'", "pod.cpu_limit: must be a quantity of Kubernetes"),
        ("pod={cpu_request: '2', cpu_limit: 500m}", "cpu_request: 2 is above cpu_limit 500m"),
        ("pod={memory_request: 2Gi, memory_limit: 2G}", "memory_request: 2Gi is above memory_limit 2G"),
        ("pod.gpu_resource=gpu", "pod.gpu_resource: must be a resource such as nvidia.com/gpu, not 'gpu'"),
        ("pod.node_selector={zone: a b}", "pod.node_selector: must hold labels of nodes, not 'zone: a b'"),
        ("pod.tolerations=[{value: x}]", "key: is missing; name the taint, or set operator: Exists"),
        ("pod.tolerations=[{key: a, operator: Exists, value: x}]", "value: has no meaning with operator Exists"),
        ("pod.tolerations=[{key: a, seconds: 3}]", "seconds: has a meaning with effect NoExecute alone"),
        # Argo Workflows reads the factor as a whole number.
        ("pod.retry_backoff=1.5", "pod.retry_backoff: must be an integer, not 1.5"),
        ("pod.timeout_seconds=2147483648", "pod.timeout_seconds: must be less than or equal to 2147483647"),
        ("workspace_claim=My_Claim", "workspace_claim: must be a name of Kubernetes"),
        ("environment={2A: x}", "must be the name of an environment variable, not '2A'"),
        ("environment={KFP_POD_NAME: x}", "must be the name of an environment variable of yours, not 'KFP_POD_NAME'"),
        ("secrets={A: {secret: db, key: a b}}", "must be letters, digits, hyphens, _ and ., not 'a b'"),
        ("secret_files={secrets: db}", "must be the absolute path of a folder in the container such as /mnt/visage"),
        ("secret_files={/a: db, /a/: db}", "such as /mnt/visage, not '/a/'"),
        ("image=my image", "image: must be an image such as REGISTRY/visage:1, not 'my image'"),
        ("pod.tolerations=[{key: a b}]", "key: must be that of a taint, not 'a b'"),
        ("image_pull_policy=always", "image_pull_policy: must be 'Always', 'IfNotPresent' or 'Never'"),
    ],
)
def test_a_mistake_is_one_line(override: str, line: str) -> None:
    message = refusal(f"kubeflow.{override}")
    assert line in message
    assert "\n" not in message


def test_a_variable_has_one_origin() -> None:
    message = refusal("kubeflow.environment={A: x}", "kubeflow.secrets={A: {secret: db, key: a}}")
    assert "secrets: the environment has A, too; remove one" in message


@pytest.mark.parametrize("key", ["kubeflow.environment", "airflow.kubernetes.env"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VISAGE_METADATA_URL", "mysql://host/db"),
        ("MLFLOW_TRACKING_TOKEN", "t0ken"),
        ("aws_secret_access_key", "t0ken"),
        ("STORE", "mysql://user:t0ken@host/db"),
    ],
)
def test_a_secret_is_no_plain_variable(key: str, name: str, value: str) -> None:
    message = refusal(f"{key}={{{name}: '{value}'}}")
    assert message == f"--set {key}: {name} is a secret, which would stand in the compiled pipeline; name it in secrets"


@pytest.mark.parametrize("key", ["kubeflow.environment", "airflow.kubernetes.env"])
@pytest.mark.parametrize("value", ["{{ ds }}", "a{% raw %}"])
def test_a_template_is_no_value_of_a_variable(key: str, value: str) -> None:
    message = refusal(f"{key}={{NAME: '{value}'}}")
    assert message == f"--set {key}: NAME: must not hold {{{{ or {{%, which Airflow and Kubeflow would replace"


def test_other_variables_are_no_secrets() -> None:
    given = {"TOKENIZERS_PARALLELISM": "false", "AWS_WEB_IDENTITY_TOKEN_FILE": "/x", "HTTPS_PROXY": "http://proxy:3128"}
    assert settings(*(f"environment.{name}={value}" for name, value in given.items())).environment == given
