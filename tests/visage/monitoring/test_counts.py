"""Counts can be added up and written without a change; a client cannot fill the memory."""

import math

import pytest

from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.monitoring.counts import Counts, NumberCounts, TextCounts
from visage.monitoring.features import FEATURES, MOST_VALUES
from visage.monitoring.messages import from_message, to_message
from visage.monitoring.settings import MonitorLimits


def test_parts_add_up_to_the_whole() -> None:
    parts = [drawn_counts(100, seed=seed, refused=seed) for seed in range(3)]
    whole = Counts.sum(parts)
    assert (whole.faces, whole.requests) == (300, 303)
    for name in FEATURES:
        assert whole.of(name).count == sum(part.of(name).count for part in parts)
    ages = whole.numbers["age"]
    assert ages.mean == pytest.approx(sum(part.numbers["age"].mean for part in parts) / 3)
    assert (ages.low, ages.high) == (
        min(part.numbers["age"].low for part in parts),
        max(part.numbers["age"].high for part in parts),
    )


def test_a_message_holds_all_counts() -> None:
    counts = drawn_counts(250, refused=7)
    read = from_message(to_message(counts))
    assert (read.faces, read.requests) == (250, 257)
    for name in FEATURES:
        one, other = counts.of(name), read.of(name)
        if isinstance(one, TextCounts):
            assert isinstance(other, TextCounts)
            assert other.values == one.values
            continue
        assert isinstance(other, NumberCounts)
        assert other.bins == one.bins
        if one.count:
            assert (other.low, other.high, other.zeros) == (one.low, one.high, one.zeros)
            assert (other.mean, other.deviation) == (pytest.approx(one.mean), pytest.approx(one.deviation))


def test_a_message_of_few_values_has_their_bins_alone() -> None:
    counts = Counts()
    for age in (2.5, 21.3, 24.9):
        counts.numbers["age"].add(age)
    ages = from_message(to_message(counts)).numbers["age"]
    assert ages.bins == counts.numbers["age"].bins
    assert (ages.low, ages.high, ages.zeros) == (0, 25, 0)
    assert ages.mean == pytest.approx((2.5 + 22.5 + 22.5) / 3)
    assert ages.deviation == pytest.approx(math.sqrt(200 / 9) * 2)


def test_a_message_with_other_bins_is_refused() -> None:
    message = to_message(drawn_counts(10))
    message.datasets[0].features[0].num_stats.histograms[0].buckets[3].low_value = 16
    with pytest.raises(ValueError, match="its bins of age are those of another version"):
        from_message(message)


def test_values_beyond_the_edges_count_in_the_bins_at_the_ends() -> None:
    counts = NumberCounts(FEATURES["age"])
    for age in (-3.0, 0.0, 4.9, 5.0, 100.0, 250.0):
        counts.add(age)
    assert (counts.bins[0], counts.bins[1], counts.bins[-1], counts.count) == (3, 1, 2, 6)


def test_what_is_no_number_is_not_counted() -> None:
    counts = NumberCounts(FEATURES["age"])
    for age in (math.nan, math.inf, -math.inf):
        counts.add(age)
    assert counts.count == 0


def test_the_median_is_near_that_of_the_values() -> None:
    assert drawn_counts(5000).numbers["age"].median == pytest.approx(40, abs=1)


def test_many_different_values_are_counted_together() -> None:
    counts = TextCounts(FEATURES["crop_size"])
    for side in range(1000):
        counts.add(f"{side}x{side}")
    assert len(counts.values) == MOST_VALUES + 1
    assert (counts.count, counts.values["other"]) == (1000, 1000 - MOST_VALUES)


def test_every_feature_has_a_limit_in_the_configuration() -> None:
    assert list(MonitorLimits.model_fields) == list(FEATURES)
