"""Settings of a task's pod on Kubernetes, as they stand in the configuration file."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from visage.errors import quoted
from visage.settings import Settings


def _is_name(name: str) -> str:
    if not re.fullmatch("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?", name):
        raise ValueError(f"must be lower-case letters, digits, hyphens and dots, not {quoted(name)}")
    return name


def _is_variable(name: str) -> str:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"must be letters, digits and _, no digit first, not {quoted(name)}")
    return name


def _is_mount(path: str) -> str:
    if not path.startswith("/") or ":" in path or ".." in PurePosixPath(path).parts:
        raise ValueError(f"must be an absolute path without a colon and .., not {quoted(path)}")
    return path


def _as_text(value: Any) -> Any:
    """Returns the text of a number, e.g. of `cpu: 2`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number else value


def _is_quantity(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?", text):
        raise ValueError(f"must be an amount such as 4, 500m, 16Gi, not {quoted(text)}")
    return text


Name = Annotated[str, AfterValidator(_is_name)]
"""Name of an object of Kubernetes."""
Variable = Annotated[str, AfterValidator(_is_variable)]
"""Name of an environment variable."""
Mount = Annotated[str, AfterValidator(_is_mount)]
"""Absolute path in the container."""
Quantity = Annotated[str, BeforeValidator(_as_text), AfterValidator(_is_quantity)]
"""Amount of a resource."""


class VolumeSettings(Settings):
    """A persistent volume claim that the pod mounts."""

    claim: Name
    mount: Mount
    sub_path: str | None = Field(None, description="folder of the volume; null: all of it")
    read_only: bool = False


class SecretSettings(Settings):
    """One key of a secret, as an environment variable."""

    secret: Name
    key: str = Field(min_length=1)
    env: Variable


class TolerationSettings(Settings):
    """A taint of a node that the pod tolerates."""

    key: str | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "TolerationSettings":
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("value: must be null with operator Exists")
        if self.operator == "Equal" and self.key is None:
            raise ValueError("key: is missing; operator: Exists tolerates every taint")
        return self


class NodeSettings(Settings):
    """What a pod takes of a node, and which nodes are allowed."""

    cpu: Quantity | None = Field(None, description="requested; null: the namespace's default")
    memory: Quantity | None = Field(None, description="requested and the limit; null: the namespace's default")
    cpu_limit: Quantity | None = Field(None, description="null: none")
    gpus: int = Field(0, ge=0, le=64)
    gpu: str = Field("nvidia.com/gpu", min_length=1, description="the resource that counts GPUs")
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: list[TolerationSettings] = Field(default_factory=list)


class TrainNodeSettings(Settings):
    """Where the task that trains differs from `NodeSettings`; None: not at all."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    cpu_limit: Quantity | None = None
    gpus: int | None = Field(None, ge=0, le=64)
    gpu: str | None = Field(None, min_length=1)
    node_selector: dict[str, str] | None = None
    tolerations: list[TolerationSettings] | None = None

    def over(self, nodes: NodeSettings) -> NodeSettings:
        """Returns settings with what differs here."""
        return nodes.model_copy(update={name: value for name, value in self if value is not None})


class PodSettings(Settings):
    """The pod of a task."""

    image: str | None = Field(None, min_length=1, description="container image with this project installed")
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(None, description="null: Kubernetes's")
    image_pull_secrets: list[Name] = Field(default_factory=list)
    namespace: Name | None = Field(None, description="null: that of the scheduler's connection")
    service_account: Name | None = Field(None, description="null: the namespace's default")
    volumes: list[VolumeSettings] = Field(default_factory=list)
    fs_group: int | None = Field(None, ge=1, le=2**31 - 1, description="group that owns the files of the volumes")
    env: dict[Variable, str] = Field(default_factory=dict)
    env_from_secrets: list[Name] = Field(default_factory=list, description="secrets, each key a variable")
    env_from_config_maps: list[Name] = Field(default_factory=list, description="config maps, each key a variable")
    secrets: list[SecretSettings] = Field(default_factory=list)
    nodes: NodeSettings = NodeSettings()
    train_nodes: TrainNodeSettings = TrainNodeSettings()

    def holding(self, path: str) -> VolumeSettings | None:
        """Returns the volume on which an absolute path of the container lies; None: it lies on none."""
        parents = {str(parent) for parent in (PurePosixPath(path), *PurePosixPath(path).parents)}
        found = [volume for volume in self.volumes if str(PurePosixPath(volume.mount)) in parents]
        return max(found, key=lambda volume: len(volume.mount), default=None)
