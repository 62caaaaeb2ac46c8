"""A run stops where the examples are not as the schema says, and says what is wrong."""

from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.errors import VisageError
from components.example_validator.component import ExampleValidator
from tests.components.tiny_evaluation import make_artifact

SCHEMA = """
feature { name: "gender" type: BYTES presence { min_fraction: 1 } domain: "gender" }
feature { name: "age" type: FLOAT presence { min_fraction: 1 } float_domain { min: -1 max: 120 } }
string_domain { name: "gender" value: "female" value: "male" value: "unknown" }
"""

Columns = dict[str, list[str] | list[float]]
GOOD: Columns = {"gender": ["female", "male"], "age": [30.0, 40.0]}


def validate(folder: Path, splits: dict[str, Columns]) -> Artifact:
    """Runs the component on splits with these columns."""
    statistics = make_artifact(ExampleStatistics, folder / "statistics")
    statistics.split_names = str(list(splits)).replace("'", '"')
    for split, columns in splits.items():
        path = folder / "statistics" / f"Split-{split}" / "FeatureStats.pb"
        path.parent.mkdir(parents=True)
        path.write_bytes(_statistics(columns).SerializeToString())
    schema = make_artifact(Schema, folder / "schema")
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(
        text_format.MessageToString(text_format.Parse(SCHEMA, schema_pb2.Schema()))
    )
    anomalies = make_artifact(ExampleAnomalies, folder / "anomalies")
    component = ExampleValidator(statistics=Channel(ExampleStatistics), schema=Channel(Schema))
    component.executor_spec.executor_class().Do(
        {"statistics": [statistics], "schema": [schema]}, {"anomalies": [anomalies]}, component.exec_properties
    )
    return anomalies


def _statistics(columns: Columns) -> statistics_pb2.DatasetFeatureStatisticsList:
    import pandas as pd

    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns))


def test_examples_as_the_schema_says_pass(tmp_path: Path) -> None:
    anomalies = validate(tmp_path, {"train": GOOD, "val": GOOD})
    assert anomalies.split_names == '["train", "val"]'


def test_a_value_that_the_schema_does_not_know_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(VisageError) as error:
        validate(tmp_path, {"train": GOOD, "val": {**GOOD, "gender": ["female", "femail"]}})
    message = str(error.value)
    assert "gender: " in message
    assert "femail" in message
    assert "(in val)" in message
    assert "\n" not in message


def test_the_same_defect_in_two_splits_is_told_once(tmp_path: Path) -> None:
    old = {**GOOD, "age": [30.0, 1996.0]}
    with pytest.raises(VisageError, match=r"age: .*1996.* \(in train, val\)\. Correct the data"):
        validate(tmp_path, {"train": old, "val": old})


def test_of_many_defects_five_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    surplus: Columns = {f"column_{number}": [1.0, 2.0] for number in range(8)}
    with pytest.raises(VisageError, match=r"column_0: .*column_4: .*; and 3 more\. Correct"):
        validate(tmp_path, {"train": {**GOOD, **surplus}})
