"""Crops that look alike must not sit in two splits: the model would be tested on what it was trained on."""

import numpy as np

from components.faces.perceptual_hash import HASH_BITS

NEAR_DUPLICATE_IN_OTHER_SPLIT = "near_duplicate_in_other_split"
BANDS = 8

BAND_ROW = np.dtype(
    [("band", "u4"), ("hash", "u8", 2), ("digest", "u8"), ("chunk", "u4"), ("offset", "u8"), ("split", "u1")]
)
TWIN = np.dtype([("chunk", "u4"), ("offset", "u8"), ("twin", "u8")])

_BAND_BITS = HASH_BITS // BANDS
# Neighbouring bits of aligned faces say much the same; mixed, a band tells more crops apart.
_MIXED = np.random.default_rng(128).permutation(HASH_BITS)
_ONES = np.array([bin(number).count("1") for number in range(2**16)], np.uint8)


def bands(rows: np.ndarray) -> np.ndarray:
    """What has to meet for near duplicates to be found: BAND_ROW [8 n], a row for each 16-bit band of each hash.

    Two hashes that differ in at most 7 bits are equal in at least one of 8 bands.

    Args:
        rows: ROW [n].
    """
    bits = np.unpackbits(rows["hash"].view(np.uint8).reshape(len(rows), HASH_BITS // 8), axis=1)[:, _MIXED]
    values = np.ascontiguousarray(np.packbits(bits, axis=1)).view(">u2").astype(np.uint32)
    found = np.repeat(np.zeros(len(rows), BAND_ROW), BANDS).reshape(len(rows), BANDS)
    found["band"] = np.arange(BANDS, dtype=np.uint32) << _BAND_BITS | values
    for name in ("hash", "chunk", "offset", "split"):
        found[name] = rows[name][:, None]
    found["digest"] = rows["digest"][:, :1]
    return found.ravel()


def find_near_duplicates(rows: np.ndarray, distance: int) -> np.ndarray:
    """Which crops have a near duplicate in a split of sterner use (test before val before train): they are to go.

    A crop in `test` never goes, so more training data never changes what is tested on.

    Args:
        rows: BAND_ROW [n]; all rows that share a band with one of them.
        distance: bits in which near duplicates may differ, at most 7.

    Returns:
        TWIN [m]: the crop, and the first half of the picture digest of the one it looks like.
    """
    rows = np.sort(rows, order=["band", "split"])
    found = [np.zeros(0, TWIN)]
    mild, apart = np.arange(len(rows)), 0
    while len(mild):
        apart += 1
        mild = mild[mild + apart < len(rows)]
        mild = mild[rows["band"][mild] == rows["band"][mild + apart]]
        # Within a band rows are sorted by split: the later of a pair is of the same or a sterner use.
        pairs = mild[rows["split"][mild] != rows["split"][mild + apart]]
        near = pairs[_differing_bits(rows["hash"][pairs], rows["hash"][pairs + apart]) <= distance]
        found.append(_twins(rows[near], rows[near + apart]))
    return np.concatenate(found)


def _twins(crops: np.ndarray, sterner: np.ndarray) -> np.ndarray:
    twins = np.zeros(len(crops), TWIN)
    twins["chunk"], twins["offset"], twins["twin"] = crops["chunk"], crops["offset"], sterner["digest"]
    return twins


def _differing_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Hamming distances [n] of hashes uint64 [n, 2]."""
    different = np.ascontiguousarray(left ^ right).view(np.uint16).reshape(len(left), HASH_BITS // 16)
    return _ONES[different].sum(axis=-1)
