"""The settings of Kubeflow: the image, what its pods mount and get, and the resources of each stage."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from pipeline.config.kubernetes import (
    Cpu,
    Environment,
    GpuResource,
    Image,
    Memory,
    MountPath,
    NodeLabels,
    ObjectName,
    SecretKeyName,
    Toleration,
    VariableName,
    check_one_origin,
    check_request,
)
from pipeline.stages import STAGES, Grouping
from visage.errors import quoted
from visage.settings import Settings

# What Kubernetes takes as a time limit of a pod.
_MOST_SECONDS = 2**31 - 1
# Environment variables of the launcher, and of Kubernetes.
_NOT_OURS = ("KFP_", "KUBERNETES_")


def _variable(name: str) -> str:
    if name.startswith(_NOT_OURS):
        raise ValueError(f"must be the name of an environment variable of yours, not {quoted(name)}")
    return name


def _own_variables(environment: dict[str, str]) -> dict[str, str]:
    for name in environment:
        _variable(name)
    return environment


OwnVariable = Annotated[VariableName, AfterValidator(_variable)]


class SecretKey(Settings):
    """A key of a secret of Kubernetes."""

    secret: ObjectName = Field(description="name of the secret")
    key: SecretKeyName = Field(description="its key")


class PodSettings(Settings):
    """What the pod of a task gets from the cluster."""

    cpu_request: Cpu | None = Field(None, description="cores that the pod needs; null: none is named")
    cpu_limit: Cpu | None = Field(None, description="cores that it may use; null: no limit")
    memory_request: Memory | None = Field(None, description="memory that the pod needs; null: none is named")
    memory_limit: Memory | None = Field(None, description="memory that it may use; null: no limit")
    gpus: int = Field(0, ge=0, le=64, description="devices")
    gpu_resource: GpuResource = Field("nvidia.com/gpu", description="the resource that a GPU is")
    node_selector: NodeLabels = Field({}, description="labels of the nodes that may run the pod")
    tolerations: list[Toleration] = Field([], description="taints that the pod tolerates")
    retries: int = Field(1, ge=0, le=100, description="times that a failed task is tried again")
    retry_delay_seconds: int = Field(30, ge=0, le=_MOST_SECONDS, description="before the first retry")
    retry_backoff: int = Field(2, ge=1, le=100, description="factor of the delay from retry to retry")
    retry_window_seconds: int = Field(
        604_800, ge=1, le=_MOST_SECONDS, description="from the first try's start, in which it is tried again"
    )
    timeout_seconds: int | None = Field(None, ge=1, le=_MOST_SECONDS, description="time of one try; null: no limit")

    @model_validator(mode="after")
    def _requests_fit(self) -> "PodSettings":
        check_request("cpu_request", self.cpu_request, "cpu_limit", self.cpu_limit)
        check_request("memory_request", self.memory_request, "memory_limit", self.memory_limit)
        return self


class KubeflowSettings(Settings):
    """How Kubeflow runs the pipeline."""

    image: Image = Field("visage:latest", description="container image with this project installed")
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
    environment: Annotated[Environment, AfterValidator(_own_variables)] = Field(
        {}, description="environment variables of every task; no secrets"
    )
    secrets: dict[OwnVariable, SecretKey] = Field({}, description="environment variables from secrets")
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
        check_one_origin(self.environment, self.secrets)
        return self

    def pod_of(self, node: str) -> PodSettings:
        """Returns the settings of the pod that runs a node of the pipeline."""
        stage = next((stage for stage, nodes in STAGES.items() if node in nodes), None)
        return self.pod if stage is None else self.stages.get(stage, self.pod)
