"""The executor of the ExampleValidator: validates every split, then stops the run where the data is wrong."""

from pathlib import Path
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils, writer_utils

from components.example_validator.comparison import Compared, choose, validate
from components.example_validator.findings import findings
from components.example_validator.patterns import add_pattern_anomalies
from components.example_validator.settings import ValidationSettings
from visage.data_validation.report import Finding, ValidationReport, anomalies_message, merge_findings
from visage.errors import VisageError


class Executor(base_executor.BaseExecutor):
    """Stops the run where the examples violate the schema or a limit."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validates every split.

        Writes `Split-<name>/SchemaDiff.pb` (TFDV's Anomalies, with the measured distances) and `validation.json`, and
        sets the property `blessed` (split to 0 or 1), as TFX's ExampleValidator does.

        Raises:
            VisageError: there are anomalies and `anomalies` is `stop`; names each wrong feature, what is wrong, the
                splits, and the fix.
        """
        settings = ValidationSettings.model_validate_json(exec_properties["settings"])
        artifact = artifact_utils.get_single_instance(output_dict["anomalies"])
        schema = io_utils.SchemaReader().read(
            io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        )
        statistics = _read(artifact_utils.get_single_instance(input_dict["statistics"]))
        baseline = _read(*input_dict.get("baseline_statistics", []))
        compared = {split: choose(split, statistics, baseline, settings.min_examples) for split in statistics}

        artifact.split_names = artifact_utils.encode_split_names(list(statistics))
        found = {split: _validate_split(split, compared[split], schema, settings, artifact) for split in compared}
        artifact.set_json_value_custom_property("blessed", {split: int(not found[split]) for split in found})
        merged = merge_findings(found)
        for line in merged:
            logging.warning("anomaly: %s", line)
        ValidationReport(
            anomalies=list(merged),
            drift=[split for split in compared if compared[split].last_run is not None],
            skew=[split for split in compared if compared[split].train is not None],
        ).write(Path(artifact.uri))
        if merged and settings.anomalies == "stop":
            raise VisageError(anomalies_message(merged))


def _read(*artifacts: Artifact) -> dict[str, Statistics]:
    """Returns statistics by split."""
    return {
        split: stats_artifact_utils.load_statistics(artifact, split).proto()
        for artifact in artifacts
        for split in artifact_utils.decode_split_names(artifact.split_names)
    }


def _validate_split(
    split: str, compared: Compared, schema: schema_pb2.Schema, settings: ValidationSettings, artifact: Artifact
) -> list[Finding]:
    anomalies = validate(compared, schema, settings)
    add_pattern_anomalies(anomalies, compared.statistics, schema)
    writer_utils.write_anomalies(f"{artifact_utils.get_split_uri([artifact], split)}/SchemaDiff.pb", anomalies)
    return findings(anomalies, compared)
