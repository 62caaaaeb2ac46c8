"""The work of the ExampleValidator: TFX's, and then a stop where the data is wrong."""

from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator import executor
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.errors import VisageError

_MOST_NAMED = 5
_LONGEST_DESCRIPTION = 160


class Executor(executor.Executor):
    """Stops the run where the examples are not as the schema says."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> execution_result_pb2.ExecutorOutput:
        """Validates every split.

        Raises:
            VisageError: names the features that are wrong, what is wrong with each, and in which splits.
        """
        output = super().Do(input_dict, output_dict, exec_properties)
        anomalies = artifact_utils.get_single_instance(output_dict[standard_component_specs.ANOMALIES_KEY])
        found = _descriptions(anomalies)
        if found:
            raise VisageError(_message(found))
        return output


def _descriptions(anomalies: Artifact) -> dict[str, list[str]]:
    """What is wrong, each with the splits where it is."""
    found: dict[str, list[str]] = {}
    for split in artifact_utils.decode_split_names(anomalies.split_names):
        folder = artifact_utils.get_split_uri([anomalies], split)
        content = io_utils.read_bytes_file(f"{folder}/{executor.DEFAULT_FILE_NAME}")
        for description in _split_descriptions(anomalies_pb2.Anomalies.FromString(content)):
            found.setdefault(description, []).append(split)
    return found


def _split_descriptions(anomalies: anomalies_pb2.Anomalies) -> list[str]:
    descriptions = [f"{feature}: {_short(info)}" for feature, info in sorted(anomalies.anomaly_info.items())]
    if anomalies.HasField("dataset_anomaly_info"):
        descriptions.append(f"all examples: {_short(anomalies.dataset_anomaly_info)}")
    return descriptions


def _short(info: anomalies_pb2.AnomalyInfo) -> str:
    text = " ".join(info.description.split()).rstrip(".")
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}…"


def _message(found: dict[str, list[str]]) -> str:
    named = [f"{what} (in {', '.join(splits)})" for what, splits in list(found.items())[:_MOST_NAMED]]
    more = len(found) - len(named)
    return (
        f"the examples are not as the schema says: {'; '.join(named)}"
        + (f"; and {more} more" if more else "")
        + ". Correct the data or the cleaning rules, or the schema if the data is right"
    )
