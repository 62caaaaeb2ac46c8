"""Confidence intervals over people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage import progress
from visage.evaluation.statistics import intervals
from visage.evaluation.statistics.intervals import (
    Interval,
    bootstrap_weights,
    clusters_of,
    percentile_interval,
    replicates_of,
    standard_error,
    unanimous_deviations,
    wilson_interval,
)

ALONE = np.arange(10)


def hits_of(count: int, of: int) -> np.ndarray:
    return np.array([1.0] * count + [0.0] * (of - count))


def assert_interval(found: Interval | None, low: float, high: float, within: float = 1e-4) -> None:
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=within)


def test_images_of_one_identity_are_one_person_and_unnamed_images_a_person_each() -> None:
    identity = np.array(["bob", "unknown", "ann", "bob", "unknown"])
    clusters = clusters_of(identity, np.array(["a", "b", "c", "d", "bob"]))
    assert clusters[0] == clusters[3]
    assert len(set(clusters.tolist())) == 4
    assert sorted(set(clusters.tolist())) == [0, 1, 2, 3]


@given(clusters=st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_the_bootstrap_draws_as_many_people_as_there_are_and_all_their_records(clusters: list[int]) -> None:
    of_records = np.unique(clusters, return_inverse=True)[1]
    people = of_records.max() + 1
    (weights,) = bootstrap_weights(of_records, replicates=20)
    assert weights.shape == (20, len(clusters))
    for person in range(people):
        of_person = weights[:, of_records == person]
        assert (of_person == of_person[:, :1]).all()
    first = [int(np.flatnonzero(of_records == person)[0]) for person in range(people)]
    assert (weights[:, first].sum(axis=1) == people).all()


def test_the_bootstrap_draws_the_same_each_time_and_another_seed_draws_others() -> None:
    once, again, other = (np.concatenate(list(bootstrap_weights(ALONE, 50, seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


@pytest.mark.parametrize("at_once", [1, 30, 77, 10_000])
def test_the_draws_do_not_depend_on_how_many_are_in_memory(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    whole = list(bootstrap_weights(ALONE, 100))
    monkeypatch.setattr(intervals, "_CHUNK", at_once)
    chunks = list(bootstrap_weights(ALONE, 100))
    assert all(chunk.size <= max(at_once, len(ALONE)) for chunk in chunks)
    np.testing.assert_array_equal(np.concatenate(chunks), np.concatenate(whole))


def test_the_progress_of_many_draws_is_reported_and_that_of_few_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[tuple[str, int, int | None]] = []
    with progress.listening(lambda step, done, total, note: reports.append((step, done, total))):
        list(bootstrap_weights(ALONE, 100))
        assert reports == []
        monkeypatch.setattr(intervals, "_CHUNK", 400)
        list(bootstrap_weights(ALONE, 100, step="bootstrap of the candidate"))
    assert reports == [("bootstrap of the candidate", done, 100) for done in (40, 80, 100)]


@pytest.mark.parametrize(
    ("records", "replicates"), [(0, 1000), (3728, 1000), (100_000, 1000), (200_000, 500), (1_000_000, 300)]
)
def test_large_tables_have_fewer_replicates(records: int, replicates: int) -> None:
    assert replicates_of(records) == replicates


def test_without_records_nothing_is_drawn() -> None:
    assert [weights.shape for weights in bootstrap_weights(np.empty(0, int), 5)] == [(5, 0)]


def test_the_standard_error_of_a_mean_is_that_of_the_textbook() -> None:
    values = np.random.default_rng(1).normal(0, 1, 40)
    weights = np.concatenate(list(bootstrap_weights(np.arange(40), 20_000)))
    replicates = weights @ values / 40
    assert standard_error(replicates, 40) == pytest.approx(values.std(ddof=1) / np.sqrt(40), rel=0.03)


def test_the_percentile_interval_is_as_wide_as_students() -> None:
    # Of a mean of ten normal values: mean +- t(9) s / sqrt(10), where the plain percentiles reach 1.96 sd only.
    rng = np.random.default_rng(2)
    replicates = rng.normal(5, np.sqrt(9 / 10) / np.sqrt(10), 200_000)
    assert_interval(percentile_interval(replicates, 10), 5 - 2.262 / np.sqrt(10), 5 + 2.262 / np.sqrt(10), 0.01)


def test_there_is_no_interval_of_few_people_nor_of_replicates_that_are_mostly_undefined() -> None:
    replicates = np.arange(100.0)
    assert percentile_interval(replicates, 9) is None
    assert np.isnan(standard_error(replicates, 1))
    assert percentile_interval(np.full(100, np.nan), 10) is None
    assert percentile_interval(np.empty(0), 10) is None
    replicates[:10] = np.nan
    assert percentile_interval(replicates, 10) is not None
    replicates[:11] = np.nan
    assert percentile_interval(replicates, 10) is None


def test_a_fraction_of_hits_alone_may_be_wrong_by_clopper_and_pearsons_limit() -> None:
    deviations = unanimous_deviations(30, 100_000, seed=1)
    # 0.05 ** (1 / 30) is the one-sided 95 % limit of 30 hits of 30.
    assert np.quantile(abs(deviations), 0.95) == pytest.approx(1 - 0.05 ** (1 / 30), abs=0.002)
    assert np.quantile(deviations, [0.025, 0.975]) == pytest.approx([-0.095, 0.095], abs=0.002)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1), (1, 1, 0.2065, 1), (90, 100, 0.8256, 0.9448)],
)
def test_wilsons_interval_of_independent_records(hits: int, of: int, low: float, high: float) -> None:
    assert_interval(wilson_interval(hits_of(hits, of), np.arange(of)), low, high)


def test_wilsons_interval_is_wider_where_records_of_a_person_agree() -> None:
    hits = np.repeat(hits_of(10, 20), 5)
    clustered = wilson_interval(hits, np.repeat(np.arange(20), 5))
    independent = wilson_interval(hits, np.arange(100))
    of_people = wilson_interval(hits[::5], np.arange(20))
    assert clustered is not None
    assert independent is not None
    assert of_people is not None
    assert clustered.high - clustered.low > 2 * (independent.high - independent.low)
    # 100 records that are 20 people say what 20 people say, but for Student's t.
    assert (clustered.low, clustered.high) == pytest.approx((of_people.low, of_people.high), abs=0.02)


def test_wilsons_interval_is_not_narrower_where_records_of_a_person_differ() -> None:
    # Each of 20 people has one hit and one miss: no more is known than from 40 independent records.
    found = wilson_interval(np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2))
    independent = wilson_interval(hits_of(20, 40), np.arange(40))
    assert found is not None
    assert independent is not None
    assert found.high - found.low >= independent.high - independent.low


def test_one_hit_says_no_more_than_none() -> None:
    # 400 records of 40 people: the one person with a hit does not show how alike the records of a person are.
    clusters = np.repeat(np.arange(40), 10)
    none, one = (wilson_interval(hits_of(count, 400), clusters) for count in (0, 1))
    assert_interval(none, 0, 0.0876)
    assert_interval(one, 0.0001, 0.0876)
    # 10 people with a hit each do: the estimated effect weighs 10 / 12.
    ten = wilson_interval(np.where(np.arange(400) % 40 == 0, 1.0, 0.0), clusters)
    assert_interval(ten, 0.0098, 0.0876)


@given(people=st.integers(2, 12), images=st.integers(1, 6), alike=st.floats(0, 5), seed=st.integers(0, 2**32 - 1))
def test_no_end_of_wilsons_interval_falls_when_hits_are_added(
    people: int, images: int, alike: float, seed: int
) -> None:
    # As a threshold falls, those who score above it become more.
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(people), images)
    score = alike * rng.normal(size=people)[clusters] + rng.normal(size=len(clusters))
    before = Interval(0, 0)
    for threshold in [np.inf, *np.sort(score)[::-1]]:
        found = wilson_interval((score >= threshold).astype(float), clusters)
        assert found is not None
        assert found.low >= before.low - 1e-12
        assert found.high >= before.high - 1e-12
        before = found


def test_only_hits_of_few_people_say_little() -> None:
    # The design effect of all hits cannot be estimated: 100 records of 4 people count as 4.
    assert_interval(wilson_interval(np.ones(100), np.repeat(np.arange(4), 25)), 0.5101, 1)
    assert wilson_interval(np.empty(0), np.empty(0, int)) is None


@given(
    hits=st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 6)), min_size=1, max_size=30),
)
def test_wilsons_interval_holds_the_fraction_and_lies_in_0_to_1(hits: list[tuple[float, int]]) -> None:
    of_records, clusters = (np.array(column) for column in zip(*hits, strict=True))
    found = wilson_interval(of_records, clusters.astype(int))
    assert found is not None
    assert 0 <= found.low <= of_records.mean() + 1e-9
    assert of_records.mean() - 1e-9 <= found.high <= 1


@pytest.mark.parametrize("fraction", [False, True], ids=["mean", "fraction"])
def test_intervals_hold_the_truth_of_clustered_records(fraction: bool) -> None:
    # 40 people of one to nine images, whose errors agree; the mean of their errors is 0, and half are below.
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        clusters = np.repeat(np.arange(40), rng.integers(1, 10, 40))
        errors = rng.normal(0, 1, 40)[clusters] + rng.normal(0, 0.5, len(clusters))
        if fraction:
            found, truth = wilson_interval((errors < 0) + 0.0, clusters), 0.5
        else:
            weights = np.concatenate(list(bootstrap_weights(clusters, 400)))
            found, truth = percentile_interval(weights @ errors / weights.sum(axis=1), 40), 0.0
        assert found is not None
        held += found.low <= truth <= found.high
    assert 0.90 <= held / 200 <= 0.99
