"""The types of what a configuration says about pods: names, quantities, variables and taints, as Kubernetes takes them.

What the API server of a cluster would refuse when a task starts is refused when the configuration is read.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

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
# Names of variables that hold a secret, and values that are addresses with a password.
_SECRET_NAME = re.compile(r"VISAGE_(METADATA|WEBHOOK)_URL|(.*_)?(PASSWORD|TOKEN|SECRET|SECRET_ACCESS_KEY|API_KEY)")
_SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]*@")


def _object_name(name: str) -> str:
    if not _OBJECT.fullmatch(name) or len(name) > 253:
        raise ValueError(f"must be a name of Kubernetes (lower-case letters, digits, hyphens), not {quoted(name)}")
    return name


def mount_path(path: str) -> str:
    """Returns the path of a folder at which a pod mounts something.

    Raises:
        ValueError: Kubernetes takes none such, or it is /tmp, where tasks write.
    """
    is_normal = str(PurePosixPath(path)) == path and ".." not in PurePosixPath(path).parts
    if not path.startswith("/") or path.startswith("//") or not is_normal or ":" in path or path in ("/", "/tmp"):
        raise ValueError(
            f"must be the absolute path of a folder in the container such as /mnt/visage, not {quoted(path)}"
        )
    return path


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError(f"must be the name of an environment variable, not {quoted(name)}")
    return name


def _secret_key(key: str) -> str:
    if not _SECRET_KEY.fullmatch(key):
        raise ValueError(f"must be letters, digits, hyphens, _ and ., not {quoted(key)}")
    return key


def _image(name: str) -> str:
    if not name or re.search(r"\s", name):
        raise ValueError(f"must be an image such as REGISTRY/visage:1, not {quoted(name)}")
    return name


def _resource(name: str) -> str:
    if "/" not in name or not _KEY.fullmatch(name):
        raise ValueError(f"must be a resource such as nvidia.com/gpu, not {quoted(name)}")
    return name


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise ValueError(f"must hold labels of nodes, not {quoted(f'{key}: {value}')}")
    return labels


def _plain(environment: dict[str, str]) -> dict[str, str]:
    # No message repeats the value.
    for name, value in environment.items():
        if "{{" in value or "{%" in value:
            raise ValueError(f"{name}: must not hold {{{{ or {{%, which Airflow and Kubeflow would replace")
        if _SECRET_NAME.fullmatch(name.upper()) or _SECRET_VALUE.search(value):
            raise ValueError(f"{name} is a secret, which would stand in the compiled pipeline; name it in secrets")
    return environment


def _as_text(value: Any) -> Any:
    """Returns the text of a number, e.g. of `cpu: 2`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _quantity(kind: re.Pattern[str], example: str, text: str) -> str:
    if not kind.fullmatch(text) or amount(text) == 0:
        raise ValueError(f"must be a quantity of Kubernetes such as {example}, not {quoted(text)}")
    return text


def _cpu(text: str) -> str:
    return _quantity(_CPU, '"2" or 500m', text)


def _memory(text: str) -> str:
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
"""Name of an object of Kubernetes."""
MountPath = Annotated[str, AfterValidator(mount_path)]
"""Absolute path of a folder in the container."""
VariableName = Annotated[str, AfterValidator(_variable)]
"""Name of an environment variable."""
SecretKeyName = Annotated[str, AfterValidator(_secret_key)]
"""A key of a secret."""
Image = Annotated[str, AfterValidator(_image)]
"""A container image."""
Cpu = Annotated[str, BeforeValidator(_as_text), AfterValidator(_cpu)]
"""Cores, e.g. 2 or 500m."""
Memory = Annotated[str, BeforeValidator(_as_text), AfterValidator(_memory)]
"""Bytes, e.g. 8Gi."""
GpuResource = Annotated[str, AfterValidator(_resource)]
"""The resource of a cluster that counts GPUs."""
NodeLabels = Annotated[dict[str, str], AfterValidator(_labels)]
"""Labels of nodes."""
Environment = Annotated[dict[VariableName, str], AfterValidator(_plain)]
"""Environment variables, none of them a secret or a template."""


def check_request(what: str, request: str | None, limit_name: str, limit: str | None) -> None:
    """Checks that a pod requests no more than its limit.

    Raises:
        ValueError: it does.
    """
    if request and limit and amount(request) > amount(limit):
        raise ValueError(f"{what}: {request} is above {limit_name} {limit}, so that no pod would start")


def check_one_origin(environment: Mapping[str, str], secrets: Collection[str]) -> None:
    """Checks that no variable of the environment comes from a secret, too.

    Raises:
        ValueError: one does.
    """
    if twice := sorted(environment.keys() & set(secrets)):
        raise ValueError(f"secrets: the environment has {twice[0]}, too; remove one")


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
        if self.key is not None and not _KEY.fullmatch(self.key):
            raise ValueError(f"key: must be that of a taint, not {quoted(self.key)}")
        if self.value is not None and not _VALUE.fullmatch(self.value):
            raise ValueError(f"value: must be that of a taint, not {quoted(self.value)}")
        return self

    def to_object(self) -> dict[str, Any]:
        """Returns what is set, as Kubernetes's own object."""
        found = {**self.model_dump(exclude={"seconds"}), "tolerationSeconds": self.seconds}
        return {key: value for key, value in found.items() if value is not None}
