"""A run stops if the examples have anomalies, and the error names them."""

from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics
from tfx.types import Artifact

from components.example_validator.settings import ValidationSettings
from tests.components.example_validator.validating import validate
from visage.data_validation.report import read_report
from visage.errors import VisageError

SCHEMA = text_format.Parse(
    """
    feature { name: "gender" type: BYTES presence { min_fraction: 1 } domain: "gender" }
    feature { name: "age" type: FLOAT presence { min_fraction: 1 } float_domain { min: -1 max: 120 } }
    string_domain { name: "gender" value: "female" value: "male" value: "unknown" }
    """,
    schema_pb2.Schema(),
)

Columns = dict[str, list[str] | list[float]]
GOOD: Columns = {"gender": ["female", "male"], "age": [30.0, 40.0]}
MISSPELT: Columns = {**GOOD, "gender": ["female", "femail"]}


def statistics(columns: Columns) -> Statistics:
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns))


def check(folder: Path, splits: dict[str, Columns], settings: ValidationSettings | None = None) -> Artifact:
    given = {split: statistics(columns) for split, columns in splits.items()}
    return validate(folder, given, schema=SCHEMA, settings=settings)


def test_examples_that_match_the_schema_pass(tmp_path: Path) -> None:
    anomalies = check(tmp_path, {"train": GOOD, "val": GOOD})
    assert anomalies.split_names == '["train", "val"]'
    assert anomalies.get_json_value_custom_property("blessed") == {"train": 1, "val": 1}
    assert read_report(tmp_path / "anomalies").anomalies == []


def test_a_value_outside_the_schema_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(VisageError) as error:
        check(tmp_path, {"train": GOOD, "val": MISSPELT})
    assert str(error.value) == (
        "the examples have anomalies: gender: Examples contain values missing from the schema: femail (~50%)"
        " (in val). Correct the data or the cleaning rules, or the schema if the data is right;"
        " --set validation.anomalies=warn continues the run in spite of them"
    )


def test_the_same_defect_in_two_splits_is_reported_once(tmp_path: Path) -> None:
    old = {**GOOD, "age": [30.0, 1996.0]}
    with pytest.raises(VisageError, match=r"age: .*1996.* \(in train, val\)\. Correct the data"):
        check(tmp_path, {"train": old, "val": old})


def test_with_warn_the_run_continues_and_the_artifact_has_the_anomaly(tmp_path: Path) -> None:
    anomalies = check(tmp_path, {"train": GOOD, "val": MISSPELT}, ValidationSettings(anomalies="warn"))
    (line,) = read_report(tmp_path / "anomalies").anomalies
    assert line.startswith("gender: ")
    assert line.endswith("femail (~50%) (in val)")
    assert anomalies.get_json_value_custom_property("blessed") == {"train": 1, "val": 0}
    written = anomalies_pb2.Anomalies.FromString((tmp_path / "anomalies/Split-val/SchemaDiff.pb").read_bytes())
    assert list(written.anomaly_info) == ["gender"]
