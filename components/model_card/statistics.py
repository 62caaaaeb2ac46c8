"""Who is in each split, from the statistics that TensorFlow Data Validation computed."""

from dataclasses import dataclass
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

COUNTED_FEATURES = ("gender", "race", "source")


@dataclass(frozen=True)
class AgeBucket:
    """Records from `low` to below `high` years; `count` is TFDV's estimate."""

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class SplitStatistics:
    """One split.

    Attributes:
        records: how many.
        age_unknown: records whose age in years is not known.
        ages: histogram of the known ages, youngest first.
        counts: by feature ('gender', 'race', 'source'), records by value, most frequent first.
    """

    records: int
    age_unknown: int
    ages: list[AgeBucket]
    counts: dict[str, dict[str, int]]


def read_statistics(uri: str, split_names: list[str]) -> dict[str, SplitStatistics]:
    """Reads what StatisticsGen wrote.

    Args:
        uri: of the `ExampleStatistics` artifact.
        split_names: the splits in it.
    """
    return {split: _read_split(Path(uri) / f"Split-{split}" / "FeatureStats.pb") for split in split_names}


def _read_split(path: Path) -> SplitStatistics:
    dataset = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes()).datasets[0]
    features = {feature.path.step[0]: feature for feature in dataset.features}
    age_unknown = features["age_known"].num_stats.num_zeros if "age_known" in features else 0
    return SplitStatistics(
        records=dataset.num_examples,
        age_unknown=age_unknown,
        ages=_ages(features["age"].num_stats, age_unknown) if "age" in features else [],
        counts={name: _counts(features[name]) for name in COUNTED_FEATURES if name in features},
    )


def _ages(age: statistics_pb2.NumericStatistics, unknown: int) -> list[AgeBucket]:
    """The standard histogram without the unknown ages, which are written as -1 and so lie in its first bucket."""
    standard = next(found for found in age.histograms if found.type == statistics_pb2.Histogram.STANDARD)
    buckets = []
    for bucket in standard.buckets:
        count = bucket.sample_count
        if bucket.low_value < 0:
            count = max(0.0, count - unknown)
        if bucket.high_value > 0:
            buckets.append(AgeBucket(low=max(0.0, bucket.low_value), high=bucket.high_value, count=count))
    return buckets


def _counts(feature: statistics_pb2.FeatureNameStatistics) -> dict[str, int]:
    return {bucket.label: int(bucket.sample_count) for bucket in feature.string_stats.rank_histogram.buckets}
