"""Whole runs of a small pipeline with TFX's own local runner: statistics, the last data that passed, validation."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import ml_metadata as mlmd
import pytest
from google.protobuf import text_format
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline

from components.curated_schema.component import CuratedSchema
from components.example_validator.component import ExampleValidator
from components.example_validator.settings import DistributionLimits, ValidationSettings
from components.resolvers.validated_statistics import create_validated_statistics_resolver
from tests.components.example_validator.drawn_statistics import COMPARED_SCHEMA
from tests.components.resolvers.validated_statistics.toy_components import ToyStatisticsGen
from visage.data_validation.report import read_report
from visage.errors import VisageError

STOP = ValidationSettings()
WARN = ValidationSettings(anomalies="warn")
ACCEPTING = ValidationSettings(drift=DistributionLimits(gender=None))


@dataclass
class ToyPipeline:
    """A pipeline whose runs share a cache and a history under `root`."""

    root: Path

    def run(self, men: float, settings: ValidationSettings = STOP) -> None:
        """Runs the pipeline on data with this fraction of men."""
        statistics_gen = ToyStatisticsGen(men=men)
        schema = CuratedSchema(text=text_format.MessageToString(COMPARED_SCHEMA))
        last_data = create_validated_statistics_resolver(statistics_gen.outputs["statistics"], settings)
        validator = ExampleValidator(
            statistics=statistics_gen.outputs["statistics"],
            schema=schema.outputs["schema"],
            baseline_statistics=last_data.outputs["statistics"],
            settings=settings,
        )
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="toy",
                pipeline_root=str(self.root / "artifacts"),
                metadata_connection_config=sqlite_metadata_connection_config(str(self.root / "metadata.sqlite")),
                components=[statistics_gen, schema, last_data, validator],
                enable_cache=True,
            )
        )

    def stops(self, men: float, settings: ValidationSettings = STOP) -> str:
        """Runs the pipeline, which must be stopped, and returns the error."""
        with pytest.raises(VisageError) as error:
            self.run(men, settings)
        return str(error.value)

    @property
    def passes(self) -> list[str]:
        """Returns `ran` or `cached` for each run that passed ExampleValidator, in order."""
        connection = metadata_store_pb2.ConnectionConfig()
        connection.sqlite.filename_uri = str(self.root / "metadata.sqlite")
        executions = [
            execution
            for execution in mlmd.MetadataStore(connection).get_executions()
            if execution.type.endswith("ExampleValidator")
        ]
        states = {metadata_store_pb2.Execution.COMPLETE: "ran", metadata_store_pb2.Execution.CACHED: "cached"}
        ended = [states.get(execution.last_known_state) for execution in executions]
        return [state for state in ended if state]

    @property
    def validations(self) -> list[tuple[list[str], bool]]:
        """Returns the anomalies of each executed validation that passed, and whether it had a baseline."""
        folders = (self.root / "artifacts/ExampleValidator/anomalies").iterdir()
        reports = [read_report(folder) for folder in sorted(folders, key=lambda folder: int(folder.name))]
        return [(list(report.anomalies), bool(report.drift)) for report in reports]


@pytest.fixture
def pipeline(tmp_path: Path) -> ToyPipeline:
    return ToyPipeline(tmp_path)


def test_an_identical_second_and_third_run_come_from_the_cache(pipeline: ToyPipeline) -> None:
    for _ in range(3):
        pipeline.run(0.5)
    assert pipeline.passes == ["ran", "cached", "cached"]
    assert pipeline.validations == [([], False)]


def test_other_data_are_compared_with_those_that_passed_last_and_again_from_the_cache(pipeline: ToyPipeline) -> None:
    pipeline.run(0.5)
    for _ in range(3):
        pipeline.run(0.55)
    assert pipeline.passes == ["ran", "ran", "cached", "cached"]
    assert pipeline.validations == [([], False), ([], True)]


def test_drift_stops_the_run_at_every_attempt(pipeline: ToyPipeline) -> None:
    pipeline.run(0.5)
    for _ in range(3):
        assert "gender: drift: L-infinity distance from the last run's 0.3, limit 0.1" in pipeline.stops(0.8)
    assert "(female 50.0% → 19.0%)" in pipeline.stops(0.81)
    assert pipeline.passes == ["ran"]


def test_the_baseline_is_the_last_data_that_passed(pipeline: ToyPipeline) -> None:
    for men in (0.5, 0.58, 0.66):
        pipeline.run(men)
    assert "distance from the last run's 0.16" in pipeline.stops(0.5)
    pipeline.run(0.58)
    pipeline.run(0.5)
    assert pipeline.passes == ["ran"] * 5


@pytest.mark.parametrize("once", [WARN, ACCEPTING])
def test_a_change_accepted_once_is_accepted(once: ValidationSettings, pipeline: ToyPipeline) -> None:
    pipeline.run(0.5)
    pipeline.stops(0.8)
    pipeline.run(0.8, once)
    pipeline.run(0.8)
    pipeline.run(0.8)
    assert pipeline.passes == ["ran", "ran", "ran", "cached"]
    assert "distance from the last run's 0.3" in pipeline.stops(0.5)
    pipeline.run(0.82)


def test_a_warning_is_there_again_when_the_run_is_repeated(pipeline: ToyPipeline) -> None:
    pipeline.run(0.5, WARN)
    pipeline.run(0.8, WARN)
    pipeline.run(0.8, WARN)
    assert pipeline.passes == ["ran", "ran", "cached"]
    assert [len(anomalies) for anomalies, _ in pipeline.validations] == [0, 1]


def test_data_whose_statistics_are_gone_are_no_baseline(pipeline: ToyPipeline) -> None:
    pipeline.run(0.5)
    shutil.rmtree(pipeline.root / "artifacts/ToyStatisticsGen/statistics")
    pipeline.run(0.8)
    assert pipeline.validations == [([], False), ([], False)]
