"""Computes TFDV's anomalies of written examples in memory, as StatisticsGen does in files."""

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from tests.helpers.project import PROJECT
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.data_validation.source_domain import with_sources

TEXT = (PROJECT / "components/curated_schema/schema.pbtxt").read_text(encoding="utf-8")
SCHEMA: schema_pb2.Schema = text_format.Parse(with_sources(TEXT, []), schema_pb2.Schema())


FULL = FaceRecord(
    image=b"jpeg",
    key="imdb_wiki/wiki/1.jpg#0",
    age_label=AgeInterval.exact(30.0),
    gender="male",
    identity="imdb_wiki/Ada",
    source="wiki",
    race="white",
    face_score=3.5,
    second_face_score=1.5,
    fold=2,
    apparent_age_mean=28.5,
    apparent_age_std=3.5,
    image_digest="0123456789abcdef0123456789abcdef",
    face_size=40.5,
    blur=210.25,
    light=127.5,
    roll=-12.5,
)
"""A record of which everything is known."""


def statistics(examples: list[bytes]) -> Statistics:
    """Computes the statistics of written examples."""
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=SCHEMA))


def anomalies(examples: list[bytes]) -> dict[str, str]:
    """Returns the anomaly of each feature."""
    found = tfdv.validate_statistics(statistics(examples), SCHEMA)
    return {feature: info.short_description for feature, info in found.anomaly_info.items()}
