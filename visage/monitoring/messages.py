"""Converts counts to TensorFlow Data Validation's statistics and back, without TensorFlow."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import statistics_pb2

from visage.monitoring.counts import Counts, NumberCounts, TextCounts
from visage.monitoring.features import FEATURES, Feature

FACES = "faces"
REQUESTS = "requests"
"""The names of the two data sets of a message, by what an example is."""
LEAST_EXACT = 10
"""Of fewer values a message has the histogram alone, since the mean or extreme of a few faces is that of a person."""

_Feature = statistics_pb2.FeatureNameStatistics


def to_message(counts: Counts) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Returns counts as TFDV's statistics, of the faces and of the requests; see `LEAST_EXACT`."""
    message = statistics_pb2.DatasetFeatureStatisticsList()
    for name, examples in ((FACES, counts.faces), (REQUESTS, counts.requests)):
        dataset = message.datasets.add(name=name, num_examples=examples)
        for feature in FEATURES.values():
            if feature.is_per_request == (name == REQUESTS):
                _add(dataset, feature, counts, examples)
    return message


def from_message(message: statistics_pb2.DatasetFeatureStatisticsList) -> Counts:
    """Returns the counts that `to_message` converted.

    Raises:
        ValueError: the bins of a feature are other ones, because another version of VisAge wrote them.
    """
    counts = Counts()
    for dataset in message.datasets:
        if dataset.name == FACES:
            counts.faces = dataset.num_examples
        else:
            counts.requests = dataset.num_examples
        for found in dataset.features:
            name = "/".join(found.path.step)
            if name in counts.numbers:
                counts.numbers[name] = _numbers(FEATURES[name], found)
            elif name in counts.texts:
                counts.texts[name] = _texts(FEATURES[name], found)
    return counts


def _add(dataset: statistics_pb2.DatasetFeatureStatistics, feature: Feature, counts: Counts, examples: int) -> None:
    found = counts.of(feature.name)
    if not found.count:
        return
    kind = _Feature.FLOAT if feature.is_number else _Feature.STRING
    added = dataset.features.add(type=kind)
    added.path.step.append(feature.name)
    if isinstance(found, NumberCounts):
        _fill_numbers(added.num_stats, found if found.count >= LEAST_EXACT else found.by_bins())
        common = added.num_stats.common_stats
    else:
        _fill_texts(added.string_stats, found)
        common = added.string_stats.common_stats
    number = int(found.count)
    common.num_non_missing = number
    common.num_missing = max(0, examples - number)
    common.min_num_values = common.max_num_values = 1
    common.avg_num_values = 1.0
    common.tot_num_values = number


def _fill_numbers(message: statistics_pb2.NumericStatistics, found: NumberCounts) -> None:
    message.mean, message.std_dev, message.median = found.mean, found.deviation, found.median
    message.min, message.max, message.num_zeros = found.low, found.high, int(found.zeros)
    histogram = message.histograms.add(type=statistics_pb2.Histogram.STANDARD)
    edges = found.feature.edges
    for place, number in enumerate(found.bins):
        histogram.buckets.add(low_value=edges[place], high_value=edges[place + 1], sample_count=number)


def _fill_texts(message: statistics_pb2.StringStatistics, found: TextCounts) -> None:
    ranked = sorted(found.values.items(), key=lambda item: (-item[1], item[0]))
    message.unique = len(ranked)
    message.avg_length = sum(len(value) * number for value, number in ranked) / found.count
    for place, (value, number) in enumerate(ranked):
        message.top_values.add(value=value, frequency=number)
        message.rank_histogram.buckets.add(low_rank=place, high_rank=place, label=value, sample_count=number)


def _numbers(feature: Feature, found: statistics_pb2.FeatureNameStatistics) -> NumberCounts:
    stats = found.num_stats
    buckets = stats.histograms[0].buckets if stats.histograms else ()
    edges = (*(bucket.low_value for bucket in buckets), *(bucket.high_value for bucket in buckets[-1:]))
    if edges != feature.edges:
        raise ValueError(f"its bins of {feature.name} are those of another version")
    number = stats.common_stats.num_non_missing
    return NumberCounts(
        feature,
        [bucket.sample_count for bucket in buckets],
        total=stats.mean * number,
        squares=(stats.std_dev**2 + stats.mean**2) * number,
        low=stats.min,
        high=stats.max,
        zeros=stats.num_zeros,
    )


def _texts(feature: Feature, found: statistics_pb2.FeatureNameStatistics) -> TextCounts:
    buckets = found.string_stats.rank_histogram.buckets
    return TextCounts(feature, {bucket.label: bucket.sample_count for bucket in buckets})
