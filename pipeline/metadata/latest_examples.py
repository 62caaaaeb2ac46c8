"""Finds the output of a pipeline's newest completed FaceExampleGen through ML Metadata."""

from components.face_example_gen.settings import FaceExampleGenSettings
from pipeline.config.schema import PipelineConfig
from pipeline.data_inspection.collect import CleanedData
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED
from visage.errors import VisageError

_NODE = "FaceExampleGen"


class NoDataYetError(VisageError):
    """No run has finished cleaning its data."""


def newest_data(config: PipelineConfig) -> CleanedData:
    """Returns the examples and the cleaning report of the newest run, with the settings of that run.

    Raises:
        NoDataYetError: no run has finished cleaning its data.
        VisageError: the run's output is missing.
    """
    executions = PipelineMetadata.of(config).executions
    completed = [execution for execution in executions if execution.node == _NODE and execution.state in SUCCEEDED]
    if not completed:
        raise NoDataYetError(
            f"{config.root}: no run of {config.name} has cleaned its data to the end; run first (visage run)"
        )
    newest = completed[-1]
    data = CleanedData(
        examples=newest.outputs["examples"][0].uri,
        report=newest.outputs["cleaning_report"][0].uri,
        settings=FaceExampleGenSettings.model_validate_json(str(newest.properties["settings"])),
    )
    if not (data.examples.is_dir() and data.report.is_dir()):
        raise VisageError(f"{data.examples}: gone; run the pipeline again: visage run")
    return data
