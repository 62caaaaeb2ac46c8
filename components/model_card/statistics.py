"""The people in each split, from the statistics of TensorFlow Data Validation."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from visage.model_card.splits import AgeBucket, SplitStatistics

COUNTED_FEATURES = ("gender", "race", "source")


def read_statistics(uri: str, split_names: list[str]) -> dict[str, SplitStatistics]:
    """Reads the output of StatisticsGen.

    Args:
        uri: URI of the `ExampleStatistics` artifact.
        split_names: the splits in it.

    Returns:
        Statistics by split.
    """
    return {split: _read_split(Path(uri) / f"Split-{split}" / "FeatureStats.pb") for split in split_names}


def _read_split(path: Path) -> SplitStatistics:
    dataset = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes()).datasets[0]
    features = {feature.path.step[0]: feature for feature in dataset.features}
    records = dataset.num_examples
    age_unknown = features["age_known"].num_stats.num_zeros if "age_known" in features else 0
    has_ages = "age" in features and age_unknown < records
    return SplitStatistics(
        records=records,
        age_unknown=age_unknown,
        ages=_a_year_wide(_known_ages(features["age"].num_stats, age_unknown)) if has_ages else [],
        counts={name: _counts(features[name]) for name in COUNTED_FEATURES if name in features},
    )


def _known_ages(age: statistics_pb2.NumericStatistics, unknown: int) -> Iterator[AgeBucket]:
    """Yields the standard histogram without the unknown ages, which are written as -1 and so come first.

    TFDV's ten buckets span the range of the ages: they have width 0 where all ages are equal.
    """
    standard = (found.buckets for found in age.histograms if found.type == statistics_pb2.Histogram.STANDARD)
    for bucket in next(standard, ()):
        not_counted = min(float(unknown), bucket.sample_count)
        unknown -= not_counted
        yield AgeBucket(max(0.0, bucket.low_value), max(0.0, bucket.high_value), bucket.sample_count - not_counted)


def _a_year_wide(buckets: Iterable[AgeBucket]) -> list[AgeBucket]:
    """Merges neighbouring buckets to a year or more; a rest joins the last of these, or is widened to whole years."""
    wide: list[AgeBucket] = []
    rest: AgeBucket | None = None
    for bucket in buckets:
        rest = _together(rest, bucket) if rest else bucket
        if rest.high - rest.low >= 1:
            wide.append(rest)
            rest = None
    if rest and wide:
        wide[-1] = _together(wide[-1], rest)
    elif rest:
        first = math.floor(rest.low)
        wide = [AgeBucket(float(first), float(max(first + 1, math.ceil(rest.high))), rest.count)]
    return wide


def _together(one: AgeBucket, other: AgeBucket) -> AgeBucket:
    return AgeBucket(one.low, other.high, one.count + other.count)


def _counts(feature: statistics_pb2.FeatureNameStatistics) -> dict[str, int]:
    return {bucket.label: int(bucket.sample_count) for bucket in feature.string_stats.rank_histogram.buckets}
