"""Patterns for text features, which a TFDV schema cannot express (1.21 has no custom validations)."""

import re

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from components.example_validator.comparison import feature_statistics
from visage.errors import quoted

_TAG = "pattern "


def add_pattern_anomalies(
    anomalies: anomalies_pb2.Anomalies, statistics: Statistics, schema: schema_pb2.Schema
) -> None:
    """Adds an anomaly for each feature with a value that does not match the schema's `annotation { tag: "pattern …" }`.

    Checks only the values that the statistics list: the 1,000 most frequent.
    """
    for feature in schema.feature:
        for tag in feature.annotation.tag:
            if tag.startswith(_TAG):
                _add(anomalies, statistics, feature.name, tag.removeprefix(_TAG))


def _add(anomalies: anomalies_pb2.Anomalies, statistics: Statistics, name: str, pattern: str) -> None:
    found = feature_statistics(statistics, name)
    buckets = found.string_stats.rank_histogram.buckets if found else ()
    stray = [bucket.label for bucket in buckets if not re.fullmatch(pattern, bucket.label)]
    if not stray:
        return
    description = f"{len(stray)} values do not match {pattern}, e.g. {quoted(stray[0])}"
    info = anomalies.anomaly_info[name]
    info.severity = anomalies_pb2.AnomalyInfo.ERROR
    info.path.step[:] = [name]
    info.reason.add(
        type=anomalies_pb2.AnomalyInfo.ENUM_TYPE_UNEXPECTED_STRING_VALUES,
        short_description="Value does not match the pattern",
        description=description,
    )
    info.short_description = info.short_description or "Value does not match the pattern"
    info.description = f"{info.description} {description}".strip()
