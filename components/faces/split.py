"""Which split a person belongs to."""

import hashlib
from collections.abc import Mapping

_BUCKETS = 2**64


def split_of(identity: str, shares: Mapping[str, float]) -> str:
    """The split of an identity: always the same one, whatever other identities there are.

    Args:
        identity: who is on the picture.
        shares: split name to its share of the identities; they add up to 1.

    Returns: a key of `shares`.
    """
    place = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") / _BUCKETS
    *others, last = shares
    for name in others:
        place -= shares[name]
        if place < 0:
            return name
    return last
