"""The interface of the ExampleValidator: whether the data is fit to train on."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.example_validator.executor import Executor
from components.example_validator.settings import ValidationSettings
from visage.source_digest import source_digest


class ExampleValidatorSpec(ComponentSpec):
    """Channels of the ExampleValidator; `settings`: ValidationSettings as JSON; `code`: digest of the sources."""

    PARAMETERS = {"settings": ExecutionParameter(type=str), "code": ExecutionParameter(type=str)}  # noqa: RUF012
    INPUTS = {  # noqa: RUF012
        "statistics": ChannelParameter(type=ExampleStatistics),
        "schema": ChannelParameter(type=Schema),
        "baseline_statistics": ChannelParameter(type=ExampleStatistics, optional=True),
    }
    OUTPUTS = {"anomalies": ChannelParameter(type=ExampleAnomalies)}  # noqa: RUF012


class ExampleValidator(base_component.BaseComponent):
    """Holds the statistics of every split against the schema, an earlier run's and the training split's.

    It stands in for TFX's, which compares with the schema alone and lets a run go on whatever it finds.
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
        """Wires the validation.

        Args:
            statistics: `ExampleStatistics` of every split, computed with `schema`.
            schema: `Schema`.
            baseline_statistics: `ExampleStatistics` to find drift against; the channel may be empty, or None.
            settings: the limits, and what happens beyond them.
        """
        spec = ExampleValidatorSpec(
            statistics=statistics,
            schema=schema,
            baseline_statistics=baseline_statistics,
            settings=settings.model_dump_json(),
            code=source_digest("components.example_validator"),
            anomalies=Channel(type=ExampleAnomalies),
        )
        super().__init__(spec=spec)
