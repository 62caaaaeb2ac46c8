"""The interface of FaceExampleGen: archives to aligned examples, split by identity, and a cleaning report."""

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import standard_artifacts
from tfx.types.channel import OutputChannel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import CleaningReport
from components.face_example_gen.driver import Driver
from components.face_example_gen.executor import Executor
from components.face_example_gen.settings import FaceExampleGenSettings


class FaceExampleGenSpec(ComponentSpec):
    """Parameters: `settings` (FaceExampleGenSettings as JSON), `archive_digests`."""

    PARAMETERS = {  # noqa: RUF012
        "settings": ExecutionParameter(type=str),
        "archive_digests": ExecutionParameter(type=str, optional=True),
    }
    INPUTS: dict[str, ChannelParameter] = {}  # noqa: RUF012
    OUTPUTS = {  # noqa: RUF012
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "cleaning_report": ChannelParameter(type=CleaningReport),
    }


class FaceExampleGen(BaseComponent):
    """Outputs `examples` (splits train, val, test) and `cleaning_report`."""

    SPEC_CLASS = FaceExampleGenSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, settings: FaceExampleGenSettings) -> None:
        spec = FaceExampleGenSpec(
            settings=settings.model_dump_json(),
            examples=OutputChannel(standard_artifacts.Examples, self, "examples"),
            cleaning_report=OutputChannel(CleaningReport, self, "cleaning_report"),
        )
        super().__init__(spec=spec)
