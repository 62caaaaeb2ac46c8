"""Divides records into folds, so that no network judges a face that it has learned from in another image."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from visage.data.duplicates.near_duplicates import near_duplicate_pairs
from visage.data.labels import UNKNOWN


def clusters_of(identities: Sequence[str], hashes: np.ndarray, distance: int) -> np.ndarray:
    """Returns the number of each record's cluster, int [n]: the people, joined where they have near duplicates.

    Args:
        identities: of the records; a record of unknown identity is alone.
        hashes: uint64 [n, 2], perceptual hashes of the crops.
        distance: number of bits in which hashes of near duplicates may differ, at most 7.
    """
    cluster = np.arange(len(identities))

    def root(record: int) -> int:
        while cluster[record] != record:
            cluster[record] = cluster[cluster[record]]
            record = int(cluster[record])
        return record

    first: dict[str, int] = {}
    for record, identity in enumerate(identities):
        if identity != UNKNOWN:
            cluster[root(record)] = root(first.setdefault(identity, record))
    for one, other in near_duplicate_pairs(hashes, distance):
        cluster[root(int(one))] = root(int(other))
    return np.unique([root(record) for record in range(len(identities))], return_inverse=True)[1].reshape(-1)


def folds_of(clusters: np.ndarray, keys: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """Returns the fold of each record, int [n], from 0; a cluster is in one fold.

    Args:
        clusters: number of each record's cluster, int [n].
        keys: of the records, unique.
        folds: their number; each has as many clusters as the others, or one more.
        seed: another one divides differently. The order of the records does not matter.
    """
    names: dict[int, str] = {}
    for cluster, key in zip(clusters.tolist(), keys, strict=True):
        names[cluster] = min(key, names.get(cluster, key))
    mixed = sorted(names, key=lambda cluster: hashlib.sha256(f"{seed}/{names[cluster]}".encode()).digest())
    fold = np.zeros(len(names), int)
    fold[mixed] = np.arange(len(names)) % folds
    return fold[clusters]
