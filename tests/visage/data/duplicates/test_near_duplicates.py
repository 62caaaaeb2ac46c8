"""Near duplicates are found wherever they are, and none of them is left in two splits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visage.data.duplicates.decisions import ROW
from visage.data.duplicates.near_duplicates import block_rows, find_near_duplicates
from visage.data.protocols import SPLITS

TRAIN, VAL, TEST = range(len(SPLITS))


def rows_of(*crops: tuple[int, int]) -> np.ndarray:
    """Returns rows with a hash of 128 bits, a split and consecutive offsets."""
    rows = np.zeros(len(crops), ROW)
    for number, (value, split) in enumerate(crops):
        rows[number]["hash"] = (value >> 64, value & (2**64 - 1))
        rows[number]["digest"] = (number, 0)
        rows[number]["split"], rows[number]["offset"] = split, number
    return rows


def to_go(*crops: tuple[int, int], distance: int = 7) -> dict[int, int]:
    """Returns the crops to drop, each with the near-duplicate that it looks like."""
    return {
        int(near_duplicate["offset"]): int(near_duplicate["near_duplicate"])
        for near_duplicate in find_near_duplicates(block_rows(rows_of(*crops)), distance)
    }


def test_a_training_crop_that_looks_like_a_test_crop_is_dropped() -> None:
    assert to_go((0b111, TRAIN), (0, TEST)) == {0: 1}


def test_near_duplicates_within_one_split_stay() -> None:
    assert to_go((0b111, TRAIN), (0, TRAIN)) == {}


def test_test_comes_before_val_and_val_before_train() -> None:
    assert set(to_go((0, TRAIN), (1, VAL), (2, TEST))) == {0, 1}
    assert set(to_go((0, TRAIN), (1, VAL))) == {0}


def test_the_distance_is_the_configured_one() -> None:
    eight_bits = 0x0101010101010101
    assert to_go((eight_bits, TRAIN), (0, TEST)) == {}
    assert to_go((eight_bits >> 8, TRAIN), (0, TEST)) == {0: 1}
    assert to_go((0b111, TRAIN), (0, TEST), distance=2) == {}
    assert to_go((5, TRAIN), (5, TEST), distance=0) == {0: 1}


hashes = st.integers(0, 2**128 - 1)


@given(hashes, st.sets(st.integers(0, 127), max_size=9))
def test_any_seven_bits_may_differ_but_not_eight(value: int, flipped: set[int]) -> None:
    other = value
    for bit in flipped:
        other ^= 1 << bit
    assert bool(to_go((value, TRAIN), (other, VAL))) == (len(flipped) <= 7)


near_hashes = st.tuples(st.sampled_from([0, 2**128 - 1, 3**60]), st.sets(st.integers(0, 127), max_size=6)).map(
    lambda both: both[0] ^ sum(1 << bit for bit in both[1])
)


@given(st.lists(st.tuples(near_hashes, st.sampled_from([TRAIN, VAL, TEST])), max_size=12))
def test_no_near_duplicates_remain_in_two_splits(crops: list[tuple[int, int]]) -> None:
    gone = to_go(*crops)
    stay = [crop for number, crop in enumerate(crops) if number not in gone]
    for value, split in stay:
        for other, other_split in stay:
            assert split == other_split or bin(value ^ other).count("1") > 7
    assert all(crops[number][1] != TEST for number in gone)


@given(
    st.lists(st.tuples(near_hashes, st.sampled_from([TRAIN, VAL, TEST])), max_size=8),
    st.lists(st.tuples(near_hashes, st.just(TRAIN)), max_size=8),
)
def test_more_training_data_does_not_change_the_test_and_val_splits(
    crops: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    def stern(gone: dict[int, int]) -> set[int]:
        return {number for number in gone if number < len(crops) and crops[number][1] != TRAIN}

    assert stern(to_go(*crops)) == stern(to_go(*crops, *more))


def test_thousands_of_equal_crops_do_not_take_quadratic_time() -> None:
    rows = rows_of(*[(0, number % 3) for number in range(3000)])
    assert len(find_near_duplicates(block_rows(rows), 7)) == 2000


@given(st.lists(st.tuples(near_hashes, st.sampled_from([TRAIN, VAL, TEST])), max_size=12), st.integers(0, 99))
def test_the_order_of_the_crops_does_not_matter(crops: list[tuple[int, int]], seed: int) -> None:
    rows = block_rows(rows_of(*crops))
    shuffled = np.random.default_rng(seed).permutation(rows)
    assert find_near_duplicates(rows, 7).tolist() == find_near_duplicates(shuffled, 7).tolist()
