"""Finds the output of a pipeline's newest completed FaceExampleGen through ML Metadata."""

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.face_example_gen.settings import FaceExampleGenSettings
from components.resolvers.lineage import outputs_of
from pipeline.config.schema import PipelineConfig
from pipeline.data_inspection.collect import CleanedData
from pipeline.metadata.store import check_usable
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
    database = config.root / "metadata.sqlite"
    # An empty file is left from a killed process.
    if not database.is_file() or not database.stat().st_size:
        raise NoDataYetError(_nothing_yet(config))
    check_usable(database, to_write=False)
    store = open_metadata(database)
    node = store.get_context_by_type_and_name("node", f"{config.name}.{_NODE}")
    states = metadata_store_pb2.Execution
    completed = [
        execution
        for execution in (store.get_executions_by_context(node.id) if node else [])
        if execution.last_known_state in (states.COMPLETE, states.CACHED)
    ]
    if not completed:
        raise NoDataYetError(_nothing_yet(config))
    newest = max(completed, key=lambda execution: execution.id)
    outputs = outputs_of(store, newest.id)
    data = CleanedData(
        examples=Path(outputs["examples"][0].uri),
        report=Path(outputs["cleaning_report"][0].uri),
        settings=FaceExampleGenSettings.model_validate_json(newest.custom_properties["settings"].string_value),
    )
    if not (data.examples.is_dir() and data.report.is_dir()):
        raise VisageError(f"{data.examples}: gone; run the pipeline again: visage run")
    return data


def open_metadata(database: Path) -> MetadataStore:
    """Opens a pipeline's ML Metadata for reading; the file exists and is a database."""
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(database)
    connection.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    return MetadataStore(connection)


def _nothing_yet(config: PipelineConfig) -> str:
    return f"{config.root}: no run of {config.name} has cleaned its data to the end; run first (visage run)"
