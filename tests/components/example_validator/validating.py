"""Runs ExampleValidator's executor, as the pipeline configures it, on given statistics."""

from collections.abc import Mapping
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics
from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.example_validator.component import ExampleValidator
from components.example_validator.settings import ValidationSettings
from tests.components.example_validator.drawn_statistics import COMPARED_SCHEMA, Faces, write_statistics
from tests.helpers.tiny_evaluation import make_artifact


def validate(
    folder: Path,
    splits: Mapping[str, Statistics | Faces],
    last_run: Mapping[str, Statistics | Faces] | None = None,
    schema: schema_pb2.Schema = COMPARED_SCHEMA,
    settings: ValidationSettings | None = None,
) -> Artifact:
    """Runs ExampleValidator on `splits` and returns the anomalies; raises its errors."""
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(text_format.MessageToString(schema))
    inputs = {
        "statistics": [_statistics(folder / "statistics", splits)],
        "schema": [make_artifact(Schema, folder / "schema")],
        "baseline_statistics": [_statistics(folder / "last_run", last_run)] if last_run else [],
    }
    anomalies = make_artifact(ExampleAnomalies, folder / "anomalies")
    (folder / "anomalies").mkdir()
    component = ExampleValidator(
        statistics=Channel(ExampleStatistics),
        schema=Channel(Schema),
        baseline_statistics=Channel(ExampleStatistics),
        settings=settings or ValidationSettings(),
    )
    component.executor_spec.executor_class().Do(inputs, {"anomalies": [anomalies]}, component.exec_properties)
    return anomalies


def _statistics(folder: Path, splits: Mapping[str, Statistics | Faces]) -> Artifact:
    artifact = make_artifact(ExampleStatistics, folder)
    given = {name: split.statistics() if isinstance(split, Faces) else split for name, split in splits.items()}
    artifact.split_names = write_statistics(folder, given)
    return artifact
