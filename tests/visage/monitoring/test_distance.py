"""Distances: 0 for equal distributions, 1 for disjoint ones, small by chance. TFDV's own are compared in components."""

import pytest

from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.monitoring.counts import TextCounts
from visage.monitoring.distance import by_chance, distance
from visage.monitoring.features import FEATURES


def genders(women: int, men: int) -> TextCounts:
    return TextCounts(FEATURES["gender"], {"female": women, "male": men})


def test_the_greatest_change_of_a_fraction_is_the_distance_of_texts() -> None:
    assert distance(genders(50, 50), genders(200, 800)) == pytest.approx(0.3)
    assert distance(genders(5, 0), TextCounts(FEATURES["gender"], {"male": 7})) == 1


@pytest.mark.parametrize("name", ["age", "age_group", "gender", "blur", "crop_size"])
def test_equal_distributions_have_no_distance(name: str) -> None:
    assert distance(drawn_counts(100).of(name), drawn_counts(100).of(name)) == 0


def test_older_faces_are_further_away_the_older_they_are() -> None:
    young = drawn_counts(2000).of("age")
    found = [distance(young, drawn_counts(2000, older=older, seed=2).of("age")) for older in (0, 5, 10, 20)]
    assert found == sorted(found)
    assert found[0] < 0.02
    assert found[-1] > 0.2


@pytest.mark.parametrize("name", ["age", "age_group", "gender"])
def test_samples_of_one_distribution_exceed_the_distance_by_chance_once_in_twenty_times(name: str) -> None:
    pairs = [
        (drawn_counts(200, seed=seed).of(name), drawn_counts(600, seed=-seed - 1 & 0xFFFF).of(name))
        for seed in range(120)
    ]
    beyond = sum(distance(one, other) > by_chance(one, other) for one, other in pairs)
    assert beyond < 15
