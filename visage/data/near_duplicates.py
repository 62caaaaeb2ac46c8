"""Crops that look alike must not sit in two splits: the model would be tested on what it was trained on."""

from itertools import combinations

import numpy as np

from visage.data.perceptual_hash import HASH_BITS

NEAR_DUPLICATE_IN_OTHER_SPLIT = "near_duplicate_in_other_split"

# Hashes that differ in at most 7 of 128 bits are equal in at least 2 of 9 blocks: in one of 36 pairs of blocks.
# Of 8 blocks a single one would be enough, but its 16 bits are shared by too many faces, all of them to be compared.
_BLOCKS = 9
BLOCK_PAIRS = tuple(combinations(range(_BLOCKS), 2))

BLOCK_ROW = np.dtype(
    [("blocks", "u8"), ("split", "u1"), ("hash", "u8", 2), ("digest", "u8"), ("chunk", "u4"), ("offset", "u8")]
)
NEAR_DUPLICATE = np.dtype([("chunk", "u4"), ("offset", "u8"), ("near_duplicate", "u8")])

_NONE = np.uint64(2**64 - 1)

# Neighbouring bits of aligned faces say much the same; mixed, a block tells more crops apart.
_MIXED = np.random.default_rng(128).permutation(HASH_BITS)
_LONGEST_BLOCK = -(-HASH_BITS // _BLOCKS)
_ONES = np.array([bin(number).count("1") for number in range(2**16)], np.uint8)


def block_rows(rows: np.ndarray) -> np.ndarray:
    """What has to meet for near duplicates to be found: BLOCK_ROW [36 n], a row for each pair of blocks of each hash.

    Args:
        rows: ROW [n].
    """
    bits = np.unpackbits(rows["hash"].view(np.uint8).reshape(len(rows), HASH_BITS // 8), axis=1)[:, _MIXED]
    values = np.stack([_as_number(block) for block in np.array_split(bits, _BLOCKS, axis=1)], axis=1)
    found = np.zeros((len(rows), len(BLOCK_PAIRS)), BLOCK_ROW)
    for number, (first, second) in enumerate(BLOCK_PAIRS):
        pair = values[:, first] << np.uint64(_LONGEST_BLOCK) | values[:, second]
        found["blocks"][:, number] = pair | np.uint64(number << 2 * _LONGEST_BLOCK)
    for name in ("hash", "chunk", "offset", "split"):
        found[name] = rows[name][:, None]
    found["digest"] = rows["digest"][:, :1]
    return found.ravel()


def find_near_duplicates(rows: np.ndarray, distance: int) -> np.ndarray:
    """Which crops have a near duplicate in a split of sterner use (test before val before train): they are to go.

    A crop in `test` never goes for that.

    Args:
        rows: BLOCK_ROW [n]; all rows that share a pair of blocks with one of them.
        distance: bits in which near duplicates may differ, at most 7.

    Returns:
        TWIN [m], each crop once: where it is, and the first half of the image digest of one that it looks like.
    """
    if not len(rows):
        return np.zeros(0, NEAR_DUPLICATE)
    rows = np.sort(rows, order=["blocks", "split", "hash", "digest"])
    # Of crops that look exactly alike in one split, the first stands for all: there may be thousands.
    look = rows[["blocks", "split", "hash"]]
    starts = np.flatnonzero(np.r_[True, look[1:] != look[:-1]])
    looks = rows[starts]
    near_duplicate_of_look = _near_duplicates(looks, distance)
    near_duplicate_of_row = np.repeat(near_duplicate_of_look, np.diff(np.r_[starts, len(rows)]))
    has_near_duplicate = near_duplicate_of_row != _NONE
    near_duplicates = np.zeros(int(has_near_duplicate.sum()), NEAR_DUPLICATE)
    near_duplicates["chunk"], near_duplicates["offset"] = (
        rows["chunk"][has_near_duplicate],
        rows["offset"][has_near_duplicate],
    )
    near_duplicates["near_duplicate"] = near_duplicate_of_row[has_near_duplicate]
    return first_near_duplicates(near_duplicates)


def first_near_duplicates(near_duplicates: np.ndarray) -> np.ndarray:
    """TWIN [n] with each crop once: of several twins the one with the smallest digest, whatever the order."""
    ordered = np.sort(near_duplicates, order=["chunk", "offset", "near_duplicate"])
    crops = ordered[["chunk", "offset"]]
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = crops[1:] != crops[:-1]
    return ordered[is_first]


def _near_duplicates(looks: np.ndarray, distance: int) -> np.ndarray:
    """For each look, uint64 [n]: the smallest digest of those it is near to in a sterner split, or `_NONE`.

    `looks` are sorted by blocks, then split: within a pair of blocks the later one is of the same or a sterner use.
    """
    found = np.full(len(looks), _NONE)
    mild, apart = np.arange(len(looks)), 0
    while len(mild):
        apart += 1
        mild = mild[mild + apart < len(looks)]
        mild = mild[looks["blocks"][mild] == looks["blocks"][mild + apart]]
        pairs = mild[looks["split"][mild] != looks["split"][mild + apart]]
        near = pairs[_differing_bits(looks["hash"][pairs], looks["hash"][pairs + apart]) <= distance]
        found[near] = np.minimum(found[near], looks["digest"][near + apart])
    return found


def _as_number(bits: np.ndarray) -> np.ndarray:
    """Bits [n, up to 64] to uint64 [n]."""
    return bits.astype(np.uint64) @ (np.uint64(1) << np.arange(bits.shape[1], dtype=np.uint64))


def _differing_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Hamming distances [n] of hashes uint64 [n, 2]."""
    different = np.ascontiguousarray(left ^ right).view(np.uint16).reshape(len(left), HASH_BITS // 16)
    return _ONES[different].sum(axis=-1)
