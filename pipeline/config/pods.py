"""Settings of a task's pod on Kubernetes, as they stand in the configuration file."""

from pathlib import PurePosixPath
from typing import Literal

from pydantic import Field, field_validator, model_validator

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
from visage.errors import quoted
from visage.settings import Settings


class VolumeSettings(Settings):
    """A persistent volume claim that the pod mounts."""

    claim: ObjectName
    mount: MountPath
    sub_path: str | None = Field(None, description="folder of the volume; null: all of it")
    read_only: bool = False

    @field_validator("sub_path")
    @classmethod
    def _lies_on_the_volume(cls, path: str | None) -> str | None:
        if path is not None and (not path or path.startswith("/") or ".." in PurePosixPath(path).parts):
            raise ValueError(f"must be the path of a folder within the volume, not {quoted(path)}")
        return path


class SecretSettings(Settings):
    """One key of a secret, as an environment variable."""

    secret: ObjectName
    key: SecretKeyName
    env: VariableName


class NodeSettings(Settings):
    """What a pod takes of a node, and which nodes are allowed."""

    cpu: Cpu | None = Field(None, description="requested; null: the namespace's default")
    memory: Memory | None = Field(None, description="requested and the limit; null: the namespace's default")
    cpu_limit: Cpu | None = Field(None, description="null: none")
    gpus: int = Field(0, ge=0, le=64)
    gpu: GpuResource = Field("nvidia.com/gpu", description="the resource that counts GPUs")
    node_selector: NodeLabels = Field(default_factory=dict)
    tolerations: list[Toleration] = Field(default_factory=list)

    @model_validator(mode="after")
    def _request_fits(self) -> "NodeSettings":
        check_request("cpu", self.cpu, "cpu_limit", self.cpu_limit)
        return self


class TrainNodeSettings(Settings):
    """Where the task that trains differs from `NodeSettings`; None: not at all."""

    cpu: Cpu | None = None
    memory: Memory | None = None
    cpu_limit: Cpu | None = None
    gpus: int | None = Field(None, ge=0, le=64)
    gpu: GpuResource | None = None
    node_selector: NodeLabels | None = None
    tolerations: list[Toleration] | None = None

    def over(self, nodes: NodeSettings) -> NodeSettings:
        """Returns settings with what differs here."""
        return nodes.model_copy(update={name: value for name, value in self if value is not None})


class PodSettings(Settings):
    """The pod of a task."""

    image: Image | None = Field(None, description="container image with this project installed")
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(None, description="null: Kubernetes's")
    image_pull_secrets: list[ObjectName] = Field(default_factory=list)
    namespace: ObjectName | None = Field(None, description="null: that of the scheduler's connection")
    service_account: ObjectName | None = Field(None, description="null: the namespace's default")
    volumes: list[VolumeSettings] = Field(default_factory=list)
    fs_group: int | None = Field(None, ge=1, le=2**31 - 1, description="group that owns the files of the volumes")
    env: Environment = Field(default_factory=dict, description="environment variables; no secrets")
    env_from_secrets: list[ObjectName] = Field(default_factory=list, description="secrets, each key a variable")
    env_from_config_maps: list[ObjectName] = Field(default_factory=list, description="config maps, each key a variable")
    secrets: list[SecretSettings] = Field(default_factory=list)
    nodes: NodeSettings = NodeSettings()
    train_nodes: TrainNodeSettings = TrainNodeSettings()

    @field_validator("volumes")
    @classmethod
    def _mounts_differ(cls, volumes: list[VolumeSettings]) -> list[VolumeSettings]:
        mounts = [volume.mount for volume in volumes]
        if twice := next((mount for mount in mounts if mounts.count(mount) > 1), None):
            raise ValueError(f"two volumes have the mount {twice}; remove one")
        return volumes

    @model_validator(mode="after")
    def _variables_have_one_origin(self) -> "PodSettings":
        check_one_origin(self.env, [secret.env for secret in self.secrets])
        return self

    @model_validator(mode="after")
    def _training_fits(self) -> "PodSettings":
        training = self.train_nodes.over(self.nodes)
        check_request("train_nodes.cpu", training.cpu, "cpu_limit", training.cpu_limit)
        return self

    def holding(self, path: str) -> VolumeSettings | None:
        """Returns the volume on which an absolute path of the container lies; None: it lies on none."""
        parents = {str(parent) for parent in (PurePosixPath(path), *PurePosixPath(path).parents)}
        found = [volume for volume in self.volumes if str(PurePosixPath(volume.mount)) in parents]
        return max(found, key=lambda volume: len(volume.mount), default=None)
