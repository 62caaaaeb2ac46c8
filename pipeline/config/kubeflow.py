"""The settings of Kubeflow: the image, what its pods mount and get, and the resources of each stage."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from pipeline.stages import STAGES, Grouping
from visage.errors import quoted
from visage.settings import Settings

# Names of Kubernetes: of its objects (DNS-1123 subdomain), of the keys and values of labels.
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SECRET_KEY = re.compile("[-._A-Za-z0-9]{1,253}")
_CPU = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<unit>m?)")
_MEMORY = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<unit>[KMGTPE]i?)?")
_UNITS = {"": 1.0, "m": 1e-3, **{f"{letter}{i}": base**power for i, base in (("", 1000.0), ("i", 1024.0))
          for power, letter in enumerate("KMGTPE", start=1)}}  # fmt: skip
# What Kubernetes takes as a time limit of a pod.
_MOST_SECONDS = 2**31 - 1
# Environment variables of the launcher, and of Kubernetes.
_NOT_OURS = ("KFP_", "KUBERNETES_")


def _object_name(name: str) -> str:
    if not _OBJECT.fullmatch(name) or len(name) > 253:
        raise ValueError(f"must be a name of Kubernetes (lower-case letters, digits, hyphens), not {quoted(name)}")
    return name


def _absolute(path: str) -> str:
    if not path.startswith("/") or ".." in PurePosixPath(path).parts or ":" in path or path.strip("/") == "":
        raise ValueError(f"must be the absolute path of a folder in the container, not {quoted(path)}")
    return path.rstrip("/")


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name) or name.startswith(_NOT_OURS):
        raise ValueError(f"must be the name of an environment variable, not {quoted(name)}")
    return name


def _quantity(kind: re.Pattern[str], example: str, text: str | None) -> str | None:
    if text is None:
        return None
    found = kind.fullmatch(text)
    if found is None or amount(text) == 0:
        raise ValueError(f"must be a quantity of Kubernetes such as {example}, not {quoted(text)}")
    return text


def _cpu(text: str | None) -> str | None:
    return _quantity(_CPU, '"2" or 500m', text)


def _memory(text: str | None) -> str | None:
    return _quantity(_MEMORY, "8Gi or 512Mi", text)


def amount(quantity: str) -> float:
    """Returns a quantity of Kubernetes as a number.

    >>> amount("500m"), amount("2Ki"), amount("1.5K")
    (0.5, 2048.0, 1500.0)
    """
    found = _CPU.fullmatch(quantity) or _MEMORY.fullmatch(quantity)
    assert found is not None, quantity
    return float(found["number"]) * _UNITS[found["unit"] or ""]


ObjectName = Annotated[str, AfterValidator(_object_name)]
MountPath = Annotated[str, AfterValidator(_absolute)]
VariableName = Annotated[str, AfterValidator(_variable)]
Cpu = Annotated[str | None, AfterValidator(_cpu)]
Memory = Annotated[str | None, AfterValidator(_memory)]


class SecretKey(Settings):
    """A key of a secret of Kubernetes."""

    secret: ObjectName = Field(description="name of the secret")
    key: str = Field(description="its key")

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        if not _SECRET_KEY.fullmatch(key):
            raise ValueError(f"must be letters, digits, hyphens, _ and ., not {quoted(key)}")
        return key


class Toleration(Settings):
    """A taint of nodes that the pods tolerate."""

    key: str | None = Field(None, description="of the taint; null with operator Exists: every taint")
    operator: Literal["Equal", "Exists"] = Field("Equal", description="Exists: whatever the value")
    value: str | None = Field(None, description="of the taint")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="null: every effect"
    )
    seconds: int | None = Field(None, ge=0, description="that a pod stays after a taint NoExecute; null: for ever")

    @model_validator(mode="after")
    def _is_complete(self) -> "Toleration":
        if self.operator == "Equal" and self.key is None:
            raise ValueError("key: is missing; name the taint, or set operator: Exists")
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("value: has no meaning with operator Exists; remove it")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds: has a meaning with effect NoExecute alone; remove it")
        return self


class PodSettings(Settings):
    """What the pod of a task gets from the cluster."""

    cpu_request: Cpu = Field(None, description="cores that the pod needs; null: none is named")
    cpu_limit: Cpu = Field(None, description="cores that it may use; null: no limit")
    memory_request: Memory = Field(None, description="memory that the pod needs; null: none is named")
    memory_limit: Memory = Field(None, description="memory that it may use; null: no limit")
    gpus: int = Field(0, ge=0, le=64, description="devices")
    gpu_resource: str = Field("nvidia.com/gpu", description="the resource that a GPU is")
    node_selector: dict[str, str] = Field({}, description="labels of the nodes that may run the pod")
    tolerations: list[Toleration] = Field([], description="taints that the pod tolerates")
    retries: int = Field(1, ge=0, le=100, description="times that a failed task is tried again")
    retry_delay_seconds: int = Field(30, ge=0, le=_MOST_SECONDS, description="before the first retry")
    retry_backoff: int = Field(2, ge=1, le=100, description="factor of the delay from retry to retry")
    retry_window_seconds: int = Field(
        604_800, ge=1, le=_MOST_SECONDS, description="from the first try's start, in which it is tried again"
    )
    timeout_seconds: int | None = Field(None, ge=1, le=_MOST_SECONDS, description="time of one try; null: no limit")

    @field_validator("gpu_resource")
    @classmethod
    def _is_a_resource(cls, name: str) -> str:
        if "/" not in name or not _KEY.fullmatch(name):
            raise ValueError(f"must be a resource such as nvidia.com/gpu, not {quoted(name)}")
        return name

    @field_validator("node_selector")
    @classmethod
    def _has_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
                raise ValueError(f"must hold labels of nodes, not {quoted(f'{key}: {value}')}")
        return labels

    @model_validator(mode="after")
    def _requests_fit(self) -> "PodSettings":
        for what in ("cpu", "memory"):
            request, limit = getattr(self, f"{what}_request"), getattr(self, f"{what}_limit")
            if request and limit and amount(request) > amount(limit):
                raise ValueError(f"{what}_request: {request} is above {what}_limit {limit}, so that no pod would start")
        return self


class KubeflowSettings(Settings):
    """How Kubeflow runs the pipeline."""

    image: str = Field("visage:latest", min_length=1, description="container image with this project installed")
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(None, description="null: Kubernetes'")
    image_pull_secrets: list[ObjectName] = Field([], description="secrets with the registry's password")
    tasks: Grouping = Field("stages", description="a task for each stage (data, train, judge, push), or for each node")
    workspace_claim: ObjectName | None = Field(
        "visage-workspace", description="volume claim, mounted at `workspace`; null: the cluster mounts it otherwise"
    )
    data_claim: ObjectName | None = Field(None, description="volume claim, mounted at `data.dir`; null: none")
    service_account: ObjectName | None = Field(
        None, description="of the pods, set by `visage submit`; null: Kubeflow's"
    )
    environment: dict[VariableName, str] = Field({}, description="environment variables of every task")
    secrets: dict[VariableName, SecretKey] = Field({}, description="environment variables from secrets")
    secret_files: dict[MountPath, ObjectName] = Field(
        {}, description="folders, each with the keys of a secret as files"
    )
    pod: PodSettings = PodSettings()
    stages: dict[str, PodSettings] = Field({}, description="what the pods of a stage get instead")

    @model_validator(mode="before")
    @classmethod
    def _stages_inherit(cls, values: Any) -> Any:
        """Adds the values of `pod` to each stage that does not set them, so that a stage's settings are complete."""
        if not isinstance(values, Mapping):
            return values
        pod, stages = values.get("pod", {}), values.get("stages", {})
        if not isinstance(pod, Mapping) or not isinstance(stages, Mapping):
            return values  # an error of its own
        inherited = {
            stage: {**pod, **changes} if isinstance(changes, Mapping) else changes for stage, changes in stages.items()
        }
        return {**values, "stages": inherited}

    @field_validator("stages")
    @classmethod
    def _are_stages(cls, stages: dict[str, PodSettings]) -> dict[str, PodSettings]:
        for name in stages:
            if name not in STAGES:
                raise ValueError(f"{quoted(name)} is no stage; choose from {', '.join(STAGES)}")
        return stages

    @model_validator(mode="after")
    def _variables_have_one_origin(self) -> "KubeflowSettings":
        if twice := sorted(self.environment.keys() & self.secrets.keys()):
            raise ValueError(f"secrets.{twice[0]}: environment has this variable, too; remove one")
        return self

    def pod_of(self, node: str) -> PodSettings:
        """Returns the settings of the pod that runs a node of the pipeline."""
        stage = next((stage for stage, nodes in STAGES.items() if node in nodes), None)
        return self.pod if stage is None else self.stages.get(stage, self.pod)
