"""The interface of InfraValidator, which decides whether a trained model can be served."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.infra_validator.executor import Executor


class InfraValidatorSpec(ComponentSpec):
    """Channels of InfraValidator."""

    PARAMETERS: dict[str, ExecutionParameter] = {}  # noqa: RUF012
    INPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}  # noqa: RUF012
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}  # noqa: RUF012


class InfraValidator(base_component.BaseComponent):
    """Loads the SavedModel as TensorFlow Serving would and replays its warm-up requests.

    It replaces TFX's InfraValidator, which needs Docker or Kubernetes; Pusher accepts its blessing.
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, model: types.BaseChannel) -> None:
        """Connects the channel of the Trainer's model; the output is `blessing`, as of TFX's InfraValidator."""
        blessing = types.Channel(type=standard_artifacts.InfraBlessing)
        super().__init__(spec=InfraValidatorSpec(model=model, blessing=blessing))
