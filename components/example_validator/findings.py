"""TFDV's anomalies, one line each: the feature, what is wrong, the values and the limit."""

from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from components.example_validator.comparison import CATEGORICAL, Compared, feature_statistics
from visage.data.labels import AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN
from visage.data.records import AGE, AGE_GROUP, AGE_KNOWN
from visage.data_validation.report import Finding

_LONGEST_DESCRIPTION = 160
_KIND = anomalies_pb2.AnomalyInfo
_TOO_FAR = (_KIND.COMPARATOR_L_INFTY_HIGH, _KIND.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH)


def findings(anomalies: anomalies_pb2.Anomalies, compared: Compared) -> list[Finding]:
    """Returns all findings in `anomalies`, the result of `compared`: schema violations, then drift, then skew."""
    return [
        *_forbidden(anomalies),
        *_moved(anomalies, "drift", compared.statistics, compared.last_run),
        *_moved(anomalies, "skew", compared.statistics, compared.train),
    ]


def _forbidden(anomalies: anomalies_pb2.Anomalies) -> Iterator[Finding]:
    for feature, info in sorted(anomalies.anomaly_info.items()):
        descriptions = _descriptions(info)
        if descriptions:
            yield Finding(f"{feature}: {_short(' '.join(descriptions))}")
    if anomalies.data_missing:
        yield Finding("all examples: there are none")
    if anomalies.HasField("dataset_anomaly_info"):
        yield Finding(f"all examples: {_short(anomalies.dataset_anomaly_info.description)}")


def _descriptions(info: anomalies_pb2.AnomalyInfo) -> list[str]:
    # For a missing value TFDV reports a wrong shape, at length, and then also the missing value.
    shape = [reason for reason in info.reason if reason.type == _KIND.INVALID_FEATURE_SHAPE]
    others = [reason.description for reason in info.reason if reason not in shape and reason.type not in _TOO_FAR]
    return others or ["some examples have no value, or several" for _ in shape]


def _short(description: str) -> str:
    text = " ".join(description.split()).rstrip(".")
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}…"


def _moved(
    anomalies: anomalies_pb2.Anomalies, kind: str, statistics: Statistics, other: Statistics | None
) -> Iterator[Finding]:
    since = {"drift": "from the last run's", "skew": "from train's"}[kind]
    for info in sorted(anomalies.drift_skew_info, key=lambda info: info.path.step[0]):
        name = info.path.step[0]
        for measured in getattr(info, f"{kind}_measurements"):
            if other is not None and measured.value > measured.threshold:
                measure = "L-infinity distance" if name in CATEGORICAL else "Jensen-Shannon divergence"
                yield Finding(
                    f"{name}: {kind}: {measure} {since} {measured.value:.3g}, limit {measured.threshold:g}"
                    f" ({_change(name, other, statistics)})",
                    key=f"validation.{kind}.{name}",
                )


def _change(name: str, before: Statistics, after: Statistics) -> str:
    """Returns the greatest change, in the terms of the data."""
    if name == AGE:
        return f"median {_median(before)} → {_median(after)}, unknown {_unknown(before)} → {_unknown(after)}"
    earlier, later = _fractions(name, before), _fractions(name, after)
    # Rounded, so that the first of two equal changes is always the reported one.
    value = max(sorted({*earlier, *later}), key=lambda one: round(abs(earlier.get(one, 0) - later.get(one, 0)), 6))
    return f"{_word(name, value)} {earlier.get(value, 0):.1%} → {later.get(value, 0):.1%}"


def _median(statistics: Statistics) -> str:
    # An unknown age is written as -1.
    median = _feature(statistics, AGE).num_stats.median
    return UNKNOWN if median < 0 else f"{median:.1f}"


def _unknown(statistics: Statistics) -> str:
    known = feature_statistics(statistics, AGE_KNOWN)
    return f"{1 - known.num_stats.mean:.1%}" if known else "?"


def _fractions(name: str, statistics: Statistics) -> dict[str, float]:
    buckets = _feature(statistics, name).string_stats.rank_histogram.buckets
    total = sum(bucket.sample_count for bucket in buckets) or 1
    return {bucket.label: bucket.sample_count / total for bucket in buckets}


def _feature(statistics: Statistics, name: str) -> statistics_pb2.FeatureNameStatistics:
    found = feature_statistics(statistics, name)
    assert found is not None, f"TFDV compared {name}, which the statistics do not hold"
    return found


def _word(name: str, value: str) -> str:
    if name != AGE_GROUP:
        return value
    return f"{SEVERAL_AGE_GROUPS} or {UNKNOWN}" if value == "-1" else AGE_GROUPS[int(value)]
