"""The engine's section of the configuration refuses settings that the engine would ignore."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.face_example_gen.settings import BeamSettings

DATAFLOW = ["--project=p", "--region=r", "--temp_location=gs://b/tmp"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"workers": 4},
        {"engine": "portable", "options": ["--job_endpoint=localhost:8099"]},
        {"engine": "flink", "options": ["--flink_master=host:8081", "--environment_type=DOCKER"]},
        {"engine": "spark", "shared_dir": "hdfs://host/visage"},
        {"engine": "dataflow", "options": DATAFLOW, "shared_dir": "gs://b/visage"},
    ],
)
def test_valid_options_of_an_engine_are_accepted(values: dict[str, Any]) -> None:
    assert BeamSettings(**values).engine == values.get("engine", "direct")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "dask"}, "Input should be 'direct', 'portable', 'flink', 'spark' or 'dataflow'"),
        ({"options": ["--flink_master=host:8081"]}, "options and shared_dir are for other engines than direct"),
        ({"engine": "flink", "workers": 4}, "workers is for direct"),
        ({"engine": "flink", "options": ["flink_master=host"]}, "String should match pattern"),
        ({"engine": "flink", "options": ["--runner=SparkRunner"]}, "--runner follows from engine"),
        ({"engine": "portable"}, r"options: portable needs --job_endpoint=\.\.\."),
        ({"engine": "dataflow", "options": DATAFLOW[:1]}, r"dataflow needs --region=\.\.\., --temp_location=\.\.\."),
        ({"engine": "dataflow", "options": DATAFLOW}, "Dataflow's workers reach no folder of this machine"),
        ({"engine": "dataflow", "options": DATAFLOW, "shared_dir": "/mnt"}, "reach no folder of this machine"),
        ({"engine": "spark", "shared_dir": "mnt"}, "must be absolute"),
    ],
)
def test_invalid_options_of_an_engine_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BeamSettings(**values)
