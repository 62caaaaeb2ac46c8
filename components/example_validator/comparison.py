"""Comparison of a split's statistics with the schema and with other statistics, by TFDV's own comparators."""

from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from components.example_validator.settings import DistributionLimits, ValidationSettings
from visage.data.records import AGE, GENDER, RACE, SOURCE

CATEGORICAL = (GENDER, RACE, SOURCE)


@dataclass(frozen=True)
class Compared:
    """The statistics to compare a split with; None where there are none, or too few examples on either side.

    Attributes:
        statistics: of the split itself.
        last_run: of the same split in the last run whose data passed, for drift.
        train: of this run's training split, for skew.
    """

    statistics: Statistics
    last_run: Statistics | None
    train: Statistics | None


def choose(
    split: str, statistics: Mapping[str, Statistics], baseline: Mapping[str, Statistics], min_examples: int
) -> Compared:
    """Returns the statistics to compare `split` with.

    Args:
        split: name of the split.
        statistics: this run's statistics, by split.
        baseline: the statistics of the last run whose data passed, by split; empty on the first run.
        min_examples: a side with fewer examples is not compared, because splits that small differ by chance.
    """

    def large(candidates: Mapping[str, Statistics], name: str) -> Statistics | None:
        found = candidates.get(name)
        return found if found is not None and found.datasets[0].num_examples >= min_examples else None

    if large(statistics, split) is None:
        return Compared(statistics[split], None, None)
    return Compared(
        statistics[split],
        last_run=large(baseline, split),
        train=large(statistics, "train") if split != "train" else None,
    )


def validate(compared: Compared, schema: schema_pb2.Schema, settings: ValidationSettings) -> anomalies_pb2.Anomalies:
    """Returns TFDV's anomalies of one split: violations of the schema, drift, and skew.

    TFDV's skew is the distance of training data from serving data. Requests to a served model carry no labels, so there
    are no such statistics, and `val` and `test` take their place: if they differ from `train`, a metric measured on
    them is no good estimate. Both distances are symmetric, so the sides may be swapped.

    How TFDV measures, and what follows (measured on whole ages, normally distributed with a deviation of 19 years):

    - An unknown age is written as -1, so the fraction of unknown ages is part of the distribution of `age`: 10 % more
      unknown ages give a divergence of 0.06, 30 % more 0.19; everybody 10 years older 0.06, 20 years 0.18.
    - Floats are counted in ten buckets. With buckets of equal width, -1 would share one with small children, and its
      10 % would count for 0.02. So `age` is compared by TFDV's quantiles, where a large fraction of -1 has its own
      bucket.
    - TFDV aligns two histograms as if values were uniform in each bucket: equal distributions give up to 0.03 for some
      thousands of faces, 0.06 for 500. A limit below 0.07 is noise.
    - `age_group` is an integer, but categorical in the schema, so its divergence is over the groups themselves, without
      buckets: equal distributions give 0.001 for thousands of faces, 0.006 for 500, everybody 10 years older 0.05. (As
      a number, a single -1 would move every bucket and give 0.2.) The statistics must be computed with the schema.
    """
    limited = schema_pb2.Schema()
    limited.CopyFrom(schema)
    for feature in limited.feature:
        _limit(feature, "drift_comparator", settings.drift, compared.statistics, compared.last_run)
        _limit(feature, "skew_comparator", settings.skew, compared.statistics, compared.train)
    return tfdv.validate_statistics(
        compared.statistics, limited, previous_statistics=compared.last_run, serving_statistics=compared.train
    )


def feature_statistics(statistics: Statistics, name: str) -> statistics_pb2.FeatureNameStatistics | None:
    """Returns the statistics of the feature `name`; None if no example has it."""
    features = statistics.datasets[0].features
    return next((feature for feature in features if list(feature.path.step) == [name]), None)


def _limit(
    feature: schema_pb2.Feature,
    comparator: str,
    limits: DistributionLimits,
    statistics: Statistics,
    other: Statistics | None,
) -> None:
    limit = getattr(limits, feature.name, None)
    if limit is None or other is None or not _same_kind(statistics, other, feature.name):
        return
    if feature.name in CATEGORICAL:
        getattr(feature, comparator).infinity_norm.threshold = limit
        return
    divergence = getattr(feature, comparator).jensen_shannon_divergence
    divergence.threshold = limit
    if feature.name == AGE:
        divergence.source.type = schema_pb2.HistogramSelection.QUANTILES


def _same_kind(statistics: Statistics, other: Statistics, name: str) -> bool:
    # A baseline written by an earlier version of the code may lack a feature, or hold it as a number.
    ours, theirs = feature_statistics(statistics, name), feature_statistics(other, name)
    return ours is not None and theirs is not None and ours.WhichOneof("stats") == theirs.WhichOneof("stats")
