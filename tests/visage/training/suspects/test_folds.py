"""Nobody is judged by a network that has learned from another image of the same face."""

import numpy as np

from visage.data.duplicates.near_duplicates import near_duplicate_pairs
from visage.training.suspects.folds import clusters_of, folds_of


def hashes(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, (count, 2), np.uint64)


def with_flipped_bits(value: np.ndarray, bits: int) -> np.ndarray:
    mask = sum(1 << 3 * place for place in range(bits))
    return value ^ np.array([mask, 0], np.uint64)


def test_images_of_one_person_and_near_duplicates_are_one_cluster() -> None:
    of_images = hashes(6)
    of_images[3] = with_flipped_bits(of_images[0], 7)
    of_images[5] = with_flipped_bits(of_images[4], 8)
    # The image 3 is like the 0, and of the same person as the 1; nobody knows who the others are.
    clusters = clusters_of(["a", "b", "unknown", "b", "unknown", "unknown"], of_images, 7)
    assert clusters[0] == clusters[1] == clusters[3]
    assert len(set(clusters.tolist())) == 4


def test_all_near_duplicates_of_many_images_are_found() -> None:
    of_images = hashes(3000)
    for number in range(200):
        of_images[2000 + number] = with_flipped_bits(of_images[number], number % 8)
    found = {frozenset(pair) for pair in near_duplicate_pairs(of_images, 7).tolist()}
    assert found == {frozenset((number, 2000 + number)) for number in range(200)}


def test_a_thousand_copies_are_joined_without_comparing_all_of_them() -> None:
    of_images = np.repeat(hashes(2), 1000, axis=0)
    clusters = clusters_of(["unknown"] * 2000, of_images, 7)
    assert len(near_duplicate_pairs(of_images, 7)) < 100_000
    assert len(set(clusters.tolist())) == 2


def test_folds_are_equal_depend_on_the_seed_and_not_on_the_order() -> None:
    clusters = np.arange(103) // 2
    keys = [f"k{number}" for number in range(103)]
    folds = folds_of(clusters, keys, 5, seed=1)
    sizes = np.bincount([folds[np.flatnonzero(clusters == cluster)[0]] for cluster in range(52)], minlength=5)
    assert sizes.tolist() == [11, 11, 10, 10, 10]
    assert all(len(set(folds[clusters == cluster].tolist())) == 1 for cluster in range(52))
    assert (folds_of(clusters[::-1], keys[::-1], 5, seed=1)[::-1] == folds).all()
    assert (folds_of(clusters, keys, 5, seed=2) != folds).any()
