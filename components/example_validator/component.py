"""The interface of the ExampleValidator, which decides whether the data is fit to train on."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.example_validator.executor import Executor
from components.example_validator.settings import ValidationSettings


class ExampleValidatorSpec(ComponentSpec):
    """Channels of the ExampleValidator; `settings`: ValidationSettings as JSON."""

    PARAMETERS = {"settings": ExecutionParameter(type=str)}  # noqa: RUF012
    INPUTS = {  # noqa: RUF012
        "statistics": ChannelParameter(type=ExampleStatistics),
        "schema": ChannelParameter(type=Schema),
        "baseline_statistics": ChannelParameter(type=ExampleStatistics, optional=True),
    }
    OUTPUTS = {"anomalies": ChannelParameter(type=ExampleAnomalies)}  # noqa: RUF012


class ExampleValidator(base_component.BaseComponent):
    """Compares the statistics of every split with the schema, an earlier run's and the training split's.

    It replaces TFX's ExampleValidator, which compares with the schema alone and never stops a run.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        statistics: BaseChannel,
        schema: BaseChannel,
        baseline_statistics: BaseChannel | None,
        settings: ValidationSettings,
    ) -> None:
        """Connects the channels.

        Args:
            statistics: `ExampleStatistics` of every split, computed with `schema`.
            schema: `Schema`.
            baseline_statistics: `ExampleStatistics` to detect drift from; the channel may be empty, or None.
            settings: the limits, and what happens beyond them.
        """
        spec = ExampleValidatorSpec(
            statistics=statistics,
            schema=schema,
            baseline_statistics=baseline_statistics,
            settings=settings.model_dump_json(),
            anomalies=Channel(type=ExampleAnomalies),
        )
        super().__init__(spec=spec)
