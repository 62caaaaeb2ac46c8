"""Holding one split's statistics against the schema and against other statistics, with TFDV's own comparators."""

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
    """What a split was held against; None where there was nothing, or too little on either side.

    Attributes:
        statistics: the split's own.
        last_run: the same split's of the last run whose data passed, for drift.
        train: this run's training split's, for skew.
    """

    statistics: Statistics
    last_run: Statistics | None
    train: Statistics | None


def choose(
    split: str, statistics: Mapping[str, Statistics], baseline: Mapping[str, Statistics], min_examples: int
) -> Compared:
    """What `split` is to be held against.

    Args:
        split: name of the split.
        statistics: split to this run's statistics.
        baseline: split to those of the last run whose data passed; empty on the first run.
        min_examples: where a side has fewer, it is not compared: splits that small differ by chance.
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
    """TFDV's findings on one split: against the schema, drift, and skew.

    What TFDV calls skew is the distance of training data from serving data. Nobody labels what a served model is asked,
    so there are no such statistics; what stands in for them are `val` and `test`: if they are not like `train`, what is
    measured on them says little of the model. Both measures are symmetric, so it does not matter which side is which.

    How TFDV measures, and what follows (measured on whole ages, normal with a deviation of 19 years):

    - An unknown age is written as -1, so the fraction of unknown ages is part of the distribution of `age`, as it
      should be: 10 % more of them give a divergence of 0.06, 30 % more 0.19; everybody 10 years older 0.06, 20 years
      0.18.
    - Floats are counted in ten buckets. Of equal width, -1 would share one with small children, and its 10 % would
      count for 0.02; so `age` is compared by TFDV's quantiles, in which a large fraction of -1 has a bucket of its own.
    - Two histograms are aligned as if values lay evenly in each bucket: equal distributions give up to 0.03 for some
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
    """The statistics of the feature `name`, if it was seen at all."""
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
