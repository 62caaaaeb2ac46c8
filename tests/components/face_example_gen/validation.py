"""What TFDV says of written examples, found in memory the way StatisticsGen finds it in files."""

from pathlib import Path

import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

import components.face_example_gen

SCHEMA: schema_pb2.Schema = tfdv.load_schema_text(
    str(Path(components.face_example_gen.__file__).parent / "schema.pbtxt")
)


def anomalies(examples: list[bytes]) -> dict[str, str]:
    """Feature to what is wrong with it."""
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    found = tfdv.validate_statistics(
        stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=SCHEMA)), SCHEMA
    )
    return {feature: info.short_description for feature, info in found.anomaly_info.items()}
