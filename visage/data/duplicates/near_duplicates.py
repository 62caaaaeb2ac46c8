"""Finds crops that look alike in two splits, since a model would be tested on images that it was trained on."""

from itertools import combinations

import numpy as np

from visage.data.duplicates.perceptual_hash import HASH_BITS

NEAR_DUPLICATE_IN_OTHER_SPLIT = "near_duplicate_in_other_split"
# Hexadecimal digits of an image's digest by which a drop names its near duplicate.
NEAR_DUPLICATE_DIGITS = 16

# Hashes that differ in at most 7 of 128 bits are equal in at least 2 of 9 blocks, so in one of 36 pairs of blocks.
# One of 8 blocks would be enough, but too many faces share its 16 bits, and all of them would have to be compared.
_BLOCKS = 9
BLOCK_PAIRS = tuple(combinations(range(_BLOCKS), 2))

BLOCK_ROW = np.dtype(
    [("blocks", "u8"), ("split", "u1"), ("hash", "u8", 2), ("digest", "u8"), ("chunk", "u4"), ("offset", "u8")]
)
NEAR_DUPLICATE = np.dtype([("chunk", "u4"), ("offset", "u8"), ("near_duplicate", "u8")])

_NONE = np.uint64(2**64 - 1)

# Neighbouring bits of aligned faces are correlated; mixed, a block distinguishes more crops.
_MIXED = np.random.default_rng(128).permutation(HASH_BITS)
_LONGEST_BLOCK = -(-HASH_BITS // _BLOCKS)
_ONES = np.array([bin(number).count("1") for number in range(2**16)], np.uint8)


def block_rows(rows: np.ndarray) -> np.ndarray:
    """Returns the rows to group for finding near-duplicates: BLOCK_ROW [36 n], one for each pair of blocks of a hash.

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
    """Finds the crops to drop: those with a near-duplicate in a split of higher precedence (test, val, train).

    Crops in `test` are therefore never dropped.

    Args:
        rows: BLOCK_ROW [n]; all rows that share a pair of blocks with one of them.
        distance: number of bits in which near-duplicates may differ, at most 7.

    Returns:
        NEAR_DUPLICATE [m], each crop once: its position, and the first half of the image digest of a near-duplicate.
    """
    if not len(rows):
        return np.zeros(0, NEAR_DUPLICATE)
    rows = np.sort(rows, order=["blocks", "split", "hash", "digest"])
    # The first of the crops in one split with equal hashes represents all of them: there may be thousands.
    keys = rows[["blocks", "split", "hash"]]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    digests = np.repeat(_near_duplicate_digests(rows[starts], distance), np.diff(np.r_[starts, len(rows)]))
    found = digests != _NONE
    near_duplicates = np.zeros(int(found.sum()), NEAR_DUPLICATE)
    near_duplicates["chunk"], near_duplicates["offset"] = rows["chunk"][found], rows["offset"][found]
    near_duplicates["near_duplicate"] = digests[found]
    return first_near_duplicates(near_duplicates)


def first_near_duplicates(near_duplicates: np.ndarray) -> np.ndarray:
    """Returns NEAR_DUPLICATE [n] with each crop once, with the smallest digest of its near-duplicates."""
    ordered = np.sort(near_duplicates, order=["chunk", "offset", "near_duplicate"])
    crops = ordered[["chunk", "offset"]]
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = crops[1:] != crops[:-1]
    return ordered[is_first]


def _near_duplicate_digests(rows: np.ndarray, distance: int) -> np.ndarray:
    """Returns the smallest digest of each row's near-duplicates in splits of higher precedence, or `_NONE`: uint64 [n].

    `rows` are sorted by blocks, then split: within a pair of blocks a later row has the same or a higher precedence.
    """
    found = np.full(len(rows), _NONE)
    earlier, apart = np.arange(len(rows)), 0
    while len(earlier):
        apart += 1
        earlier = earlier[earlier + apart < len(rows)]
        earlier = earlier[rows["blocks"][earlier] == rows["blocks"][earlier + apart]]
        pairs = earlier[rows["split"][earlier] != rows["split"][earlier + apart]]
        near = pairs[_differing_bits(rows["hash"][pairs], rows["hash"][pairs + apart]) <= distance]
        found[near] = np.minimum(found[near], rows["digest"][near + apart])
    return found


def _as_number(bits: np.ndarray) -> np.ndarray:
    """Converts bits [n, up to 64] to uint64 [n]."""
    return bits.astype(np.uint64) @ (np.uint64(1) << np.arange(bits.shape[1], dtype=np.uint64))


def _differing_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns the Hamming distances [n] of hashes uint64 [n, 2]."""
    different = np.ascontiguousarray(left ^ right).view(np.uint16).reshape(len(left), HASH_BITS // 16)
    return _ONES[different].sum(axis=-1)
