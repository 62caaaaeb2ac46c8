"""Reads TensorFlow Serving's `models.config`: several models, which versions of each are served, labels.

Source: TensorFlow Serving, config/model_server_config.proto and model_servers/server_core.cc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from serving.core.errors import Code, ServingError
from serving.core.limits import CORES, BatchLimits
from visage.errors import VisageError
from visage.tf_serving_api.messages import BatchingParameters, ModelServerConfig, MonitoringConfig

_TF_SERVING_BATCHES = BatchLimits(
    max_batch_size=1000, max_enqueued_batches=10, num_batch_threads=CORES, split_large_requests=False
)


@dataclass(frozen=True)
class VersionPolicy:
    """Which versions of a model are served.

    Attributes:
        latest: the newest so many; 0: all.
        specific: exactly these numbers; empty: decided by `latest`.
    """

    latest: int = 1
    specific: frozenset[int] = frozenset()

    def chosen(self, numbers: Sequence[int]) -> list[int]:
        """Returns those of the numbers that are served, the highest first.

        >>> VersionPolicy(latest=2).chosen([1, 7, 3])
        [7, 3]
        """
        found = sorted(numbers, reverse=True)
        if self.specific:
            return [number for number in found if number in self.specific]
        return found[: self.latest] if self.latest else found


@dataclass(frozen=True)
class ModelConfig:
    """One model.

    Attributes:
        name: in requests.
        base_path: folder of its numbered versions.
        policy: which of them are served.
        labels: numbers by label.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = field(default_factory=dict)


def read_models_config(file: Path) -> list[ModelConfig]:
    """Reads a `models.config`.

    Raises:
        VisageError: it cannot be read, is not a ModelServerConfig, or names something that is not supported.
    """
    try:
        return model_configs(_read_text_proto(file, ModelServerConfig))
    except ServingError as error:
        raise VisageError(f"{file}: {error.message}") from error


def read_batch_limits(file: Path) -> BatchLimits:
    """Reads a `batching_parameters_file`; values that it leaves out are TensorFlow Serving's.

    Without a timer `batch_timeout_micros` has no meaning here, and without a fixed shape neither `allowed_batch_sizes`
    nor `pad_variable_length_inputs`.

    Raises:
        VisageError: it cannot be read, has an unknown field or a value below 1.
    """
    message = _read_text_proto(file, BatchingParameters)
    found = {
        name: getattr(message, name).value
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads")
        if message.HasField(name)
    }
    for name, value in found.items():
        if value < 1:
            raise VisageError(f"{file}: {name}: {value} is below 1; give 1 or more")
    sizes = list(message.allowed_batch_sizes)
    largest = found.get("max_batch_size", _TF_SERVING_BATCHES.max_batch_size)
    if sizes and (sizes != sorted(set(sizes)) or sizes[-1] != largest):
        raise VisageError(
            f"{file}: allowed_batch_sizes must increase and end with max_batch_size, {largest}; correct it"
        )
    return replace(_TF_SERVING_BATCHES, **found)


def read_monitoring_config(file: Path) -> Any:
    """Reads a `monitoring_config_file`: a MonitoringConfig message.

    Raises:
        VisageError: it cannot be read or has an unknown field.
    """
    return _read_text_proto(file, MonitoringConfig)


def model_configs(message: Any) -> list[ModelConfig]:
    """Returns the models of a ModelServerConfig message.

    Raises:
        ServingError: with TensorFlow Serving's text.
    """
    if message.WhichOneof("config") != "model_config_list":
        raise ServingError(
            Code.INVALID_ARGUMENT,
            "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
            "supported",
        )
    found: dict[str, ModelConfig] = {}
    for config in message.model_config_list.config:
        if config.name in found:
            raise ServingError(
                Code.INVALID_ARGUMENT, f"Illegal to list model {config.name} multiple times in config list"
            )
        # TensorFlow Serving also reads buckets (`gs://`); those are mounted here.
        if not Path(config.base_path).is_absolute():
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Expected model {config.name} to have an absolute path or URI; got base_path()={config.base_path}",
            )
        found[config.name] = ModelConfig(
            config.name, Path(config.base_path), _policy(config.model_version_policy), dict(config.version_labels)
        )
    return list(found.values())


def _policy(message: Any) -> VersionPolicy:
    kind = message.WhichOneof("policy_choice")
    if kind == "all":
        return VersionPolicy(latest=0)
    if kind == "specific":
        return VersionPolicy(specific=frozenset(message.specific.versions))
    return VersionPolicy(latest=message.latest.num_versions or 1)


def _read_text_proto(file: Path, message: Any) -> Any:
    try:
        return text_format.Parse(file.read_text(encoding="utf-8"), message())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8"
        raise VisageError(f"{file}: cannot be read ({reason}); name another file") from error
    except text_format.ParseError as error:
        raise VisageError(f"{file}: no {message.DESCRIPTOR.name} in text format: {error}; correct the line") from error
